/** What users declare, as plain checked objects. No I/O here and in this folder's other files, but for `load/`. */

/** A value's type, as DuckDB names it, with what decoding must know of it. */
export type SqlType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'decimal'; readonly width: number; readonly scale: number }
  | { readonly kind: 'list'; readonly of: SqlType; readonly nullable: boolean }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'map'; readonly of: SqlType; readonly nullable: boolean }

export type ScalarName =
  | 'BOOLEAN'
  | 'TINYINT'
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'HUGEINT'
  | 'UTINYINT'
  | 'USMALLINT'
  | 'UINTEGER'
  | 'UBIGINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'BLOB'
  | 'UUID'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'TIMESTAMP WITH TIME ZONE'
  | 'JSON'

/** One declared field of an event, a state or a struct. `required: false`: it may be missing or null, and is NULL then. */
export interface Field {
  readonly name: string
  readonly type: SqlType
  readonly required: boolean
}

/** What the check of one foreign value found. */
export type Verdict =
  /** The bytes are canonical enough: DuckDB decodes them to exactly the declared values. */
  | { readonly ok: true; readonly canonical?: undefined }
  /** A good event that DuckDB would damage as it stands (a zoned timestamp, a 17-digit decimal as a number …): decode this text instead. */
  | { readonly ok: true; readonly canonical: string }
  | { readonly ok: false; readonly reason: string }

/**
 * Between JavaScript, canonical JSON and columns, for one list of fields. Canonical JSON is what DuckDB's lenient
 * `from_json` decodes without any damage: decimals, 128-bit integers and times as strings, and so on.
 */
export interface Codec {
  /** Canonical JSON of a payload. Unknown fields are left out. Throws `event-invalid` with path, value and wanted type. */
  encode(data: unknown): string
  /** The payload, typed as the schema's output, from canonical JSON. */
  decode(json: string): Record<string, unknown>
  /** Many at once: `json` is a JSON array of canonical payloads. */
  decodeAll(jsonArray: string): Record<string, unknown>[]
  /** Full check of the foreign bytes `[start, end)`; depends on them and on the schema alone. Never throws. */
  check(bytes: Uint8Array, start: number, end: number): Verdict
}

export interface EventType {
  readonly name: string
  readonly fields: readonly Field[]
  readonly codec: Codec
  /** What the schema asks of values beyond their types, as text: part of the stream's fingerprint. */
  readonly checks: string
}

export type BadEventPolicy = 'halt' | 'dead-letter' | 'skip'

/** Where a declaration was read: for messages. */
export interface Origin {
  readonly file: string
  readonly line?: number
}

/** Events whose time `by` is more than the period before the greatest time of all events of the stream are out of it. */
export interface Retention {
  /** A required DATE, TIMESTAMP or TIMESTAMPTZ of every event type. */
  readonly by: string
  /** As SQL reads it in an INTERVAL: `90 days`. */
  readonly period: string
  readonly seconds: number
}

/** A declared topic: its event types, their schemas, its key. */
export interface StreamModel {
  readonly kind: 'stream'
  readonly name: string
  readonly topic: string
  readonly partitions: number
  /** Field that keys the events, in every type; undefined: no key, events spread over the partitions. */
  readonly key: string | undefined
  /** Keep every event in DuckDB. A view that needs the history makes it be kept anyway. */
  readonly history: boolean
  /** What SQL sees of it; the log, folds and processors have every event. */
  readonly retention?: Retention
  readonly onBad: BadEventPolicy
  readonly versions: boolean
  readonly types: readonly EventType[]
  /** The union of the types' fields, in order of declaration; a field that some type lacks is not required. */
  readonly columns: readonly Field[]
  /** Changes when the meaning of stored bytes may change. Marks validated batches. */
  readonly fingerprint: string
  readonly origin: Origin
}

/** A declared keyed changelog: the last value of a key stands, a null value deletes. Its events have one type, the table's name. */
export interface TableModel extends Omit<StreamModel, 'kind' | 'key' | 'retention'> {
  readonly kind: 'table'
  readonly key: string
}

/** What a handler is told of the event beside its payload. Pure functions of the log, so handlers may use them. */
export interface EventMeta {
  readonly type: string
  readonly key: string | null
  /** Time of the append. */
  readonly time: Date
  readonly partition: number
  readonly offset: bigint
}

export type State = Record<string, unknown>

/** `undefined` keeps the state as it was, `null` removes the row. */
export type Evolve = (state: State, event: Record<string, unknown>, meta: EventMeta) => State | null | undefined

/** A view as a TypeScript fold. */
export interface FoldModel {
  readonly kind: 'fold'
  readonly name: string
  readonly from: StreamModel
  /** Field that keys the fold; equals the stream's key, or the stream has one partition. */
  readonly key: string
  readonly keyField: Field
  readonly state: { readonly fields: readonly Field[]; readonly codec: Codec }
  readonly initial: State
  readonly on: Readonly<Record<string, Evolve>>
  readonly origin: Origin
}

export interface Output {
  /** Name of the stream; may be left out when the processor appends to one. */
  readonly stream?: string
  readonly type: string
  readonly data: Record<string, unknown>
}

export type Handle = (event: Record<string, unknown>, state: State, meta: EventMeta) => readonly Output[] | Output | null | undefined

/** A function from events of one stream to events of others; see design §6. */
export interface ProcessorModel {
  readonly kind: 'processor'
  readonly name: string
  readonly from: StreamModel
  readonly to: readonly StreamModel[]
  /** Types it appends, as `stream.Type`. None of them is handled by it. */
  readonly emits: readonly string[]
  readonly key: string | undefined
  readonly keyField: Field | undefined
  readonly state: { readonly fields: readonly Field[]; readonly codec: Codec } | undefined
  readonly initial: State
  readonly handle: Readonly<Record<string, Handle>>
  readonly evolve: Readonly<Record<string, Evolve>>
  readonly origin: Origin
}

/** One `sql/views/*.sql` file, as it stands. `engine/compile` reads it. */
export interface SqlViewSource {
  readonly kind: 'sql'
  readonly file: string
  readonly text: string
}

export interface Config {
  /** Absolute path of the project's root. */
  readonly root: string
  /** Absolute path of the data directory (`.evert`). */
  readonly dataDir: string
  /** `embedded`, or a URL. */
  readonly log: string
  readonly pipelines: readonly string[]
  readonly views: readonly string[]
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  /** How many previous versions of a view are kept up to date beside the public one. */
  readonly previousVersionsMax: number
  readonly duckdb: { readonly memoryLimit: string; readonly threads: number }
}

/** A project, loaded and checked: every name resolves, no two are the same. */
export interface Project {
  readonly config: Config
  readonly streams: ReadonlyMap<string, StreamModel>
  readonly tables: ReadonlyMap<string, TableModel>
  readonly folds: ReadonlyMap<string, FoldModel>
  readonly processors: ReadonlyMap<string, ProcessorModel>
  readonly sqlViews: readonly SqlViewSource[]
  /** Fingerprint of a fold's or processor's code: its module bundled with its local imports, minified, and its packages' versions. */
  readonly codeFingerprints: ReadonlyMap<string, string>
  /** A fold's module bundled with its local imports, and the packages that it imports: a version of it goes on by that. */
  readonly foldCodes: ReadonlyMap<string, { readonly text: string; readonly packages: readonly string[] }>
}
