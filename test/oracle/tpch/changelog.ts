import type { Dice } from './dice.ts'
import type { Surroundings } from './rows.ts'
import { type Row, type TableName, tableNames, tables, type Value } from './tables.ts'

/** What a changelog gets: the key's new row, or none. */
export interface Change {
  readonly table: TableName
  readonly key: Value
  readonly row: Row | null
}

type Rows = Map<Value, Row>

/** The rows that stand, those that have gone, and the changes that made it so and have not been taken yet. */
export class Changelog implements Surroundings {
  readonly dice: Dice
  readonly #standing = new Map<TableName, Rows>(tableNames.map((table) => [table, new Map()]))
  readonly #gone = new Map<TableName, Rows>(tableNames.map((table) => [table, new Map()]))
  readonly #made = new Map<TableName, number>()
  #changes: Change[] = []

  constructor(dice: Dice) {
    this.dice = dice
  }

  get length(): number {
    return this.#changes.length
  }

  standing(table: TableName): ReadonlyMap<Value, Row> {
    return this.#standing.get(table) as Rows
  }

  row(table: TableName): Row | undefined {
    return oneOf(this.dice, this.standing(table))
  }

  /** The last row of a key that has none now. */
  goneRow(table: TableName): Row | undefined {
    return oneOf(this.dice, this.#gone.get(table) as Rows)
  }

  key(table: TableName): number {
    const row = this.dice.chance(20) ? this.goneRow(table) : undefined
    return Number((row ?? this.row(table))?.[tables[table].key] ?? 0)
  }

  /** A key that no row has had. */
  newKey(table: TableName): Value {
    const number = this.#made.get(table) ?? 0
    this.#made.set(table, number + 1)
    return tables[table].key.endsWith('_id') ? `${table} ${number}` : number
  }

  put(table: TableName, key: Value, row: Row): void {
    this.#standing.get(table)?.set(key, row)
    this.#gone.get(table)?.delete(key)
    this.#changes.push({ table, key, row })
  }

  /** Of a key without a row as well: a tombstone is a tombstone. */
  delete(table: TableName, key: Value): void {
    const row = this.standing(table).get(key)
    if (row) this.#gone.get(table)?.set(key, row)
    this.#standing.get(table)?.delete(key)
    this.#changes.push({ table, key, row: null })
  }

  /** The changes since the last time, in the order in which they were made. */
  take(): Change[] {
    const changes = this.#changes
    this.#changes = []
    return changes
  }
}

function oneOf(dice: Dice, rows: ReadonlyMap<Value, Row>): Row | undefined {
  return rows.size === 0 ? undefined : dice.pick([...rows.values()])
}
