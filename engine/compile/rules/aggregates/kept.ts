import { ident } from '../../../../connectors/store/quote.ts'

/** Names a state column in one of the rows at hand: the group's old one, the batch's own, the new one. */
export type At = (column: string) => string

/** The columns of a row with this alias. */
export function at(alias: string, prefix = ''): At {
  return (column) => `${alias}.${ident(prefix + column)}`
}

/** One column of a group's state. */
export interface StateColumn {
  readonly name: string
  readonly type: string
  /** How a batch gets into it; absent: it is computed anew for each group that a batch touches. */
  readonly merged?: {
    /** An aggregate over the batch's change rows of a group. Of a new group it is the state. */
    readonly partial: string
    /** The new value, from the old one and the batch's partial. Overflows raise. */
    merge(old: At, added: At): string
  }
  /** Whatever a batch brings changes it. */
  readonly countsRows?: boolean
  /** It follows from the DISTINCT values that came and went, and from none of the batch's own rows. */
  readonly ofValues?: boolean
  /** An aggregate over all rows of a group, where the group may have to be computed from them. */
  readonly whole?: string
}

/** How one aggregate is kept per group. */
export interface Kept {
  /** The aggregate's value from the state columns. Never raises. */
  value(at: At): string
  /** Where what is kept speaks of single rows, which may go. */
  readonly loss?: Loss
}

/** What a batch takes away, and when that means that a group must be computed anew from its rows. */
export interface Loss {
  readonly name: string
  readonly partial: string
  isLost(old: At, added: At): string
}

/** The state columns of a group. Aggregates that need the same partial result share it. */
export interface Pool {
  readonly columns: readonly StateColumn[]
  /** What was made for `key` before, or what `make` makes now; it asks for names and adds its columns. */
  once<T>(key: string, make: (fresh: () => string, add: (column: StateColumn) => void) => T): T
}

/** A pool without columns. */
export function openPool(): Pool {
  const columns: StateColumn[] = []
  const made = new Map<string, unknown>()
  let names = 0
  return {
    columns,
    once<T>(key: string, make: (fresh: () => string, add: (column: StateColumn) => void) => T): T {
      if (!made.has(key))
        made.set(
          key,
          make(
            () => `_s${names++}`,
            (column) => columns.push(column),
          ),
        )
      return made.get(key) as T
    },
  }
}

/** The same pool; what is made through it follows from DISTINCT values. */
export function ofValues(pool: Pool): Pool {
  return {
    columns: pool.columns,
    once: (key, make) => pool.once(key, (fresh, add) => make(fresh, (column) => add({ ...column, ofValues: true }))),
  }
}
