/**
 * The contract of a store: where views are materialised. DuckDB maintains them (its SQL runs inside its transactions);
 * others are shipped to. Who calls: one writer, the loop, one transaction at a time; any number of readers. What may
 * never happen: rows and position that disagree, a reader that sees half a transaction.
 */

/** A parameter: bytes go as a BLOB, bigint as BIGINT, everything else by its JavaScript type. */
export type Parameter = Uint8Array | string | bigint | number | boolean | null

export interface Column {
  readonly name: string
  /** As the store names it. */
  readonly type: string
}

/** A row with values as the store's own client gives them, but 64-bit integers as bigint. */
export type Row = Readonly<Record<string, unknown>>

export interface Transaction {
  /** Runs SQL text anew each time, never a kept plan: on 1.5.x a prepared plan freezes table statistics and gives wrong rows later (duckdb issues 23704, 24182). Several statements only without parameters. Returns the rows changed by the last one. `onUnderWay` is called when the engine's own threads have taken over: what JavaScript does then costs the statement nothing. */
  run(sql: string, parameters?: readonly Parameter[], onUnderWay?: () => void): Promise<number>
  /** All rows; for small results. */
  all(sql: string, parameters?: readonly Parameter[]): Promise<readonly Row[]>
}

export interface Answer {
  readonly columns: readonly Column[]
  /** Blocks of rows; every value is a JSON value, numbers beyond 2^53 and decimals as strings. */
  readonly rows: AsyncIterable<readonly (readonly JsonValue[])[]>
}

/** What a row's cell is in an answer. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** A consistent view of the last committed state, until it is closed. One statement at a time. */
export interface Reader extends Transaction {
  /** Streams a SELECT. `signal` interrupts it in the engine. Throws `query-failed`, `query-timeout`. */
  query(sql: string, options?: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined }): Promise<Answer>
  close(): Promise<void>
}

/** Where `Store.ahead` makes its tables; the writer never writes there. */
export const aheadDatabase = 'ahead'

/** How much a transaction works on: a few thousand rows, or more. */
export type Amount = 'few' | 'many'

export interface Store {
  /** What the transactions to come work on, for the store to spend its threads on; `many` until it is told. Only their speed depends on it. */
  expect(rows: Amount): void
  /** One transaction: all that `work` did, or nothing. Transactions queue; `work` must not start another. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** One transaction as one string of statements with constants: the cheapest way for a small batch. */
  script(statements: readonly string[]): Promise<void>
  /**
   * A connection beside the writer's, for what follows from a batch's events alone: it makes tables in the database
   * `aheadDatabase`, which is in memory and gone with the process, and the writer's transactions read them. One statement at a time.
   */
  ahead(): Promise<Transaction>
  /** `scratch`: the reader is for questions of people, with all threads while it is open, and may make temporary tables of its own. */
  reader(options?: { scratch?: boolean }): Promise<Reader>
  /**
   * Moves what the write-ahead log holds into the file, and stalls the next transactions meanwhile. False: not now, because a
   * reader still reads what was there before a commit; nothing has changed then.
   */
  checkpoint(): Promise<boolean>
  /** Bytes of the write-ahead log: what a start would do again. */
  walBytes(): number
  close(): Promise<void>
}
