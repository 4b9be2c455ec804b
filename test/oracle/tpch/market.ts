import { type Change, Changelog } from './changelog.ts'
import type { Dice } from './dice.ts'
import { makers } from './rows.ts'
import { type Row, type TableName, tableNames, tables, type Value } from './tables.ts'

const many: Readonly<Record<TableName, number>> = {
  region: 5,
  nation: 25,
  supplier: 10,
  part: 40,
  partsupp: 80,
  customer: 30,
  orders: 150,
  lineitem: 500,
}
/** How often each table is the one that changes. */
const busy = tableNames.flatMap((table) => Array<TableName>(Math.round(Math.sqrt(many[table]) / 2)).fill(table))
/**
 * What may be done to a table, each as often as it stands here; `again` is the row as it is, `twin` the row under
 * another key as well, `nothing` a tombstone of no row.
 */
const deeds = [
  ...Array<'alter'>(9).fill('alter'),
  ...Array<'insert'>(5).fill('insert'),
  ...Array<'delete'>(5).fill('delete'),
  ...(['to and fro', 'to and fro', 'again', 'twin', 'twin', 'nothing'] as const),
]
const childOf: Partial<Record<TableName, TableName>> = { part: 'partsupp', orders: 'lineitem' }

/** The tables' first rows, and the random changes that come after them. */
export class Market {
  readonly #dice: Dice
  readonly #log: Changelog

  constructor(dice: Dice) {
    this.#dice = dice
    this.#log = new Changelog(dice)
  }

  /** The first rows of all tables, parents first. */
  load(): Change[] {
    for (const table of tableNames) {
      if (table === 'partsupp') for (const part of this.#log.standing('part').values()) this.#insertSome(table, 2, part)
      else if (table === 'lineitem')
        for (const order of this.#log.standing('orders').values()) this.#insertSome(table, this.#dice.between(1, 6), order)
      else this.#insertSome(table, many[table])
    }
    return this.#log.take()
  }

  /** At least this many random changes of some of the tables, in the order in which they are made. */
  change(count: number, among: readonly TableName[] = tableNames): Change[] {
    // A region that has gone takes the answers of several questions along: what few rows are there does not stay away for long.
    for (const table of among) if (many[table] < 30 && this.#log.goneRow(table) && this.#dice.chance(2)) this.#insert(table)
    const chosen = busy.filter((table) => among.includes(table))
    while (this.#log.length < count) {
      const table = this.#dice.pick(chosen)
      const child = childOf[table]
      this.#changeOne(table, child && among.includes(child) ? child : undefined)
    }
    return this.#log.take()
  }

  #changeOne(table: TableName, child?: TableName): void {
    const dice = this.#dice
    const standing = this.#log.standing(table)
    const row = this.#log.row(table)
    const key = row?.[tables[table].key] ?? null
    // What is small stays about as large as it was: an empty table asks nothing of the engine.
    const isSmall = standing.size < many[table] * 0.9
    const chosen = row && !isSmall ? dice.pick(deeds) : 'insert'
    if (chosen === 'insert' || !row) this.#insert(table, child)
    else if (chosen === 'delete') this.#log.delete(table, key)
    else if (chosen === 'again') this.#log.put(table, key, row)
    else if (chosen === 'twin') this.#twin(table, row)
    else if (chosen === 'to and fro') this.#toAndFro(table, key, row)
    else if (chosen === 'nothing') this.#log.delete(table, this.#log.newKey(table))
    else this.#log.put(table, key, this.#altered(table, key, row))
  }

  /** A key that had a row before, with that row or another, or a new one, perhaps with its children. */
  #insert(table: TableName, child?: TableName): void {
    const dice = this.#dice
    const gone = this.#log.goneRow(table)
    // Of few rows each matters, so it comes back rather than that another takes its place.
    if (gone && !dice.chance(many[table] > 50 ? 3 : 12)) {
      const key = gone[tables[table].key] ?? null
      this.#log.put(table, key, dice.chance(3) ? makers[table](this.#log, key) : gone)
      return
    }
    const row = this.#insertSome(table, 1)
    if (child && dice.chance(2)) this.#insertSome(child, dice.between(1, 4), row)
  }

  #twin(table: TableName, row: Row): void {
    const key = this.#log.newKey(table)
    this.#log.put(table, key, { ...row, [tables[table].key]: key })
  }

  /** Changes that undo each other, which may meet in one batch. */
  #toAndFro(table: TableName, key: Value, row: Row): void {
    this.#log.delete(table, key)
    this.#log.put(table, key, this.#dice.chance(2) ? row : this.#altered(table, key, row))
    const passing = this.#log.newKey(table)
    this.#log.put(table, passing, makers[table](this.#log, passing))
    this.#log.delete(table, passing)
  }

  /** Some columns anew, or as another row has them; what joins hang on is among them. */
  #altered(table: TableName, key: Value, row: Row): Row {
    const other = (this.#dice.chance(4) && this.#log.row(table)) || makers[table](this.#log, key)
    const own = Object.keys(row).filter((name) => name !== tables[table].key)
    const names = this.#dice.some(own, this.#dice.between(1, 4))
    return { ...row, ...Object.fromEntries(names.map((name) => [name, other[name] ?? null])) }
  }

  #insertSome(table: TableName, count: number, given?: Row): Row {
    let row: Row = {}
    for (let n = 0; n < count; n++) {
      const key = this.#log.newKey(table)
      row = makers[table](this.#log, key, given)
      this.#log.put(table, key, row)
    }
    return row
  }
}
