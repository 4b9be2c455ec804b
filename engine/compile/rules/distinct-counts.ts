import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'
import { isRowOf } from './by-rowid.ts'
import { canonicalCells, looksVary, matches, sameRow } from './distinct-cells.ts'
import { handOn } from './hand-on.ts'
import type { Handed, Names, Rule, Run } from './rule.ts'

/** How often a distinct row stands in one input. */
export interface Counter {
  /** The state's column. */
  readonly name: string
  /** Index of the input. */
  readonly input: number
  /** Only whether there is a row matters and none ever goes: the count ends at 1, and later rows write nothing. */
  readonly isFlag: boolean
}

/** Rows that follow from how often each distinct row stands in the inputs. */
export interface Counted {
  readonly columns: readonly Col[]
  readonly counters: readonly Counter[]
  /** SQL of how often a row stands in the output, from SQL of its counts; 0 where all of them are 0. */
  readonly multiplicity: (count: (name: string) => string) => string
  /** It is at most 1. */
  readonly isSet: boolean
}

/**
 * State: one row a distinct row, with its counts; it goes when all of them are 0. A batch is grouped by itself, the old
 * counts of its rows are read once, and the change handed on is the new multiplicity less the old one.
 */
export function countedRule(counted: Counted): Pick<Rule, 'needsRows' | 'create' | 'rows' | 'weighted' | 'maintain'> {
  const { columns, counters, isSet } = counted
  const shown = ids(columns)
  const multiplicity = counted.multiplicity((name) => name)
  return {
    needsRows: counters.map(() => false),
    create: ({ table }) => [
      `CREATE TABLE ${table} (${[...columns.map(({ id, type }) => `${ident(id)} ${type}`), ...counters.map(({ name }) => `${name} BIGINT`)].join(', ')})`,
    ],
    rows: ({ table }) => {
      if (isSet) return `SELECT ${shown} FROM ${table} WHERE ${multiplicity} > 0`
      const stored = `(SELECT ${shown}, ${multiplicity} AS _m FROM ${table})`
      // Almost every row stands once: only the others pay for being repeated.
      return `SELECT ${shown} FROM ${stored} WHERE _m > 0 UNION ALL SELECT ${shown} FROM (SELECT ${shown}, unnest(range(_m - 1)) FROM ${stored} WHERE _m > 1)`
    },
    weighted: ({ table }) => `SELECT ${shown}, CAST(${multiplicity} AS BIGINT) AS _w FROM ${table} WHERE ${multiplicity} > 0`,
    maintain: (run) => maintain(run, counted),
  }
}

function* maintain(run: Run, { columns, counters, multiplicity }: Counted): Generator<string, Handed, number> {
  const changed = counters.filter(({ input }) => run.inputs[input]?.isChanged)
  if (changed.length === 0) return false
  const shown = ids(columns)
  const counts = changed.map(({ name }) => name)
  if (run.isFirst) {
    const cells = changed.map((counter) => capped(counter, counter.name))
    yield `INSERT INTO ${insertInto(run, shown, counters)} SELECT ${[shown, ...both(counters, changed, cells)].join(', ')} FROM (${grouped(run, columns, changed)})`
    return false
  }
  // By itself first: a join with events that are parameters has DuckDB's optimizer copy their bytes again and again.
  const came = run.temp('came')
  if ((yield `CREATE OR REPLACE TEMP TABLE ${came} AS ${grouped(run, columns, changed)}`) === 0) return false
  const touched = run.temp('touched')
  if ((yield `CREATE OR REPLACE TEMP TABLE ${touched} AS ${touchedRows(run, came, columns, counters, changed)}`) === 0) return false
  const gone = counters.map(({ name }) => `d.${name} = 0`).join(' AND ')
  yield `UPDATE ${run.table} AS t SET ${counts.map((name) => `${name} = d.${name}`).join(', ')} FROM ${touched} AS d WHERE ${isRowOf('t', 'd', columns)} AND NOT (${gone})`
  yield `INSERT INTO ${insertInto(run, shown, counters)} SELECT ${[shown, ...counters.map(({ name }) => name)].join(', ')} FROM ${touched} WHERE _rid IS NULL`
  if (changed.some(({ input }) => run.inputs[input]?.insertOnly === false))
    yield `DELETE FROM ${run.table} AS t USING ${touched} AS d WHERE ${isRowOf('t', 'd', columns)} AND ${gone}`
  if (!run.handsOn) return false
  const difference = `${multiplicity((name) => name)} - ${multiplicity((name) => `${name}_old`)}`
  return yield* handOn(run, `SELECT ${shown}, CAST(${difference} AS BIGINT) AS _w FROM ${touched} WHERE ${difference} <> 0`)
}

/** The batch's distinct rows, with the net number that came of each into each changed input. */
function grouped(run: Run, columns: readonly Col[], changed: readonly Counter[]): string {
  const parts = changed.map(({ input: at, name }) => {
    const input = run.inputs[at]
    const weights = changed.map((other) => (other.name === name ? `_w AS ${name}` : `0 AS ${other.name}`))
    return `SELECT ${[canonicalCells(input?.columns ?? [], columns), ...weights].join(', ')} FROM ${input?.change()}`
  })
  const sums = changed.map(({ name }) => `CAST(sum(${name}) AS BIGINT) AS ${name}`)
  const by = columns.map((_, i) => i + 1).join(', ')
  return `SELECT ${[ids(columns), ...sums].join(', ')} FROM (${parts.join(' UNION ALL ')}) AS c GROUP BY ${by} HAVING ${changed.map(({ name }) => `sum(c.${name}) <> 0`).join(' OR ')}`
}

/** The same rows beside the state's: its `rowid` (NULL: there is none), its counts (`_n_old`) and those after the batch (`_n`). */
function touchedRows(run: Run, came: string, columns: readonly Col[], counters: readonly Counter[], changed: readonly Counter[]): string {
  // What is handed on for a row that is there must be what was handed on when it came.
  const cells = columns.map(({ id, type }) =>
    looksVary(type) ? `coalesce(m.${ident(id)}, g.${ident(id)}) AS ${ident(id)}` : `g.${ident(id)}`,
  )
  const olds = counters.map(({ name }) => `coalesce(m.${name}, 0)`)
  const sums = changed.map((counter) => capped(counter, `coalesce(m.${counter.name}, 0) + g.${counter.name}`))
  const news = both(counters, changed, sums, olds)
  const kept = ['t.rowid AS _rid', ...counters.map(({ name }) => `t.${name}`)]
  const shown = [
    ...cells,
    'm._rid',
    ...counters.map(({ name }, i) => `${olds[i]} AS ${name}_old`),
    ...counters.map(({ name }, i) => `${news[i]} AS ${name}`),
  ]
  const where = changed.some(({ isFlag }) => isFlag) ? ` WHERE ${counters.map((_, i) => `${news[i]} <> ${olds[i]}`).join(' OR ')}` : ''
  return `SELECT ${shown.join(', ')} FROM ${came} AS g LEFT JOIN (${matches(columns, came, run.table, kept)}) AS m ON ${sameRow(columns, 'm', 'g')}${where}`
}

function capped({ isFlag }: Counter, sum: string): string {
  return isFlag ? `least(${sum}, 1)` : sum
}

/** A text for each counter: of those that changed, and of the others. */
function both(
  counters: readonly Counter[],
  changed: readonly Counter[],
  texts: readonly string[],
  others: readonly string[] = [],
): string[] {
  return counters.map((counter, i) => texts[changed.indexOf(counter)] ?? others[i] ?? '0')
}

function insertInto({ table }: Names, shown: string, counters: readonly Counter[]): string {
  return `${table} (${[shown, ...counters.map(({ name }) => name)].join(', ')})`
}
