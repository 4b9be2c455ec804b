import { ident } from '../../../connectors/store/quote.ts'
import type { Distinct } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'
import { canonicalCells, matches, sameRow } from './distinct-cells.ts'
import { countedRule } from './distinct-counts.ts'
import type { Rule, Run, Traits } from './rule.ts'

/**
 * DISTINCT, and UNION's. δ of a distinct row is the change of `count > 0`. Of rows that are only ever added no count is
 * needed: what is new to the state is inserted, and nothing is ever updated.
 */
export function planDistinct(op: Distinct, [input]: readonly Traits[]): Rule {
  if (input?.insertOnly === true) return insertOnly(op)
  return {
    strategy: 'linear',
    reason: 'DISTINCT: rows are counted, and a row shows while its count is above zero',
    state: 'a count per distinct row',
    insertOnly: false,
    ...countedRule({
      columns: op.columns,
      counters: [{ name: '_n', input: 0, isFlag: false }],
      multiplicity: (count) => `CAST(${count('_n')} > 0 AS BIGINT)`,
      isSet: true,
    }),
  }
}

function insertOnly(op: Distinct): Rule {
  const shown = ids(op.columns)
  return {
    strategy: 'linear',
    reason: 'DISTINCT of rows that are only added: those that are not there yet are inserted',
    state: 'the distinct rows',
    insertOnly: true,
    needsRows: [false],
    create: ({ table }) => [
      `CREATE TABLE ${table} (${[...op.columns.map(({ id, type }) => `${ident(id)} ${type}`), '_at BIGINT'].join(', ')})`,
    ],
    rows: ({ table }) => `SELECT ${shown} FROM ${table}`,
    marked: ({ table }) => `SELECT ${shown}, _at FROM ${table}`,
    maintain: (run) => maintain(run, op),
  }
}

function* maintain(run: Run, { columns }: Distinct): Generator<string, boolean, number> {
  const [input] = run.inputs
  if (!input?.isChanged) return false
  const shown = ids(columns)
  const distinct = `SELECT DISTINCT ${canonicalCells(input.columns, columns)} FROM ${input.change()}`
  const insert = `INSERT INTO ${run.table} (${shown}, _at) `
  if (run.isFirst) {
    yield `${insert}SELECT ${shown}, ${run.at} FROM (${distinct})`
    return false
  }
  // By itself first: a join with events that are parameters has DuckDB's optimizer copy their bytes again and again.
  const came = run.temp('came')
  if ((yield `CREATE OR REPLACE TEMP TABLE ${came} AS ${distinct}`) === 0) return false
  const added = (more: string) =>
    `SELECT ${shown}, ${more} FROM ${came} AS g WHERE NOT EXISTS (SELECT 1 FROM (${matches(columns, came, run.table, [])}) AS m WHERE ${sameRow(columns, 'm', 'g')})`
  if (!run.handsOn) {
    yield insert + added(String(run.at))
    return false
  }
  if ((yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${added('CAST(1 AS BIGINT) AS _w')}`) === 0) return false
  yield `${insert}SELECT ${shown}, ${run.at} FROM ${run.change}`
  return true
}
