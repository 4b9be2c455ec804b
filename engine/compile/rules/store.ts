import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Op } from '../algebra/op.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
import type { Names, Rule, Run, Traits } from './rule.ts'

/**
 * Rule: projection, filter, UNNEST, UNION ALL and inner joins. The change of the rows is the query over the change of its
 * inputs (DBSP calls such operators linear), and it is added to what is stored. `input` stands for the operator itself.
 */
export function planStore(op: Op, input: Traits): Rule {
  const what =
    op.kind === 'join'
      ? 'an inner join: only what a batch adds or takes away is joined'
      : 'projection, filter and UNION ALL: a batch adds its own rows'
  return input.insertOnly ? planAppend(op, what) : planBag(op, what)
}

/** Rows that never leave: each with the position of its batch, so that what was there before is told from what has come. */
function planAppend(op: Op, what: string): Rule {
  const columns = ids(op.columns)
  return {
    strategy: 'linear',
    reason: `${what} and touches no other`,
    state: 'the rows',
    insertOnly: true,
    needsRows: [false],
    create: ({ table }) => [`CREATE TABLE ${table} (${[...cells(op.columns), '_at BIGINT'].join(', ')})`],
    rows: ({ table }) => `SELECT ${columns} FROM ${table}`,
    marked: ({ table }) => `SELECT ${columns}, _at FROM ${table}`,
    *maintain(run) {
      const input = run.inputs[0]
      if (!input?.isChanged) return false
      if (!run.handsOn) {
        yield `INSERT INTO ${run.table} SELECT ${shown(op)}, ${run.at} FROM ${input.change()}`
        return false
      }
      const count = yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS SELECT ${shown(op)}, _w FROM ${input.change()}`
      if (count === 0) return false
      yield `INSERT INTO ${run.table} SELECT ${shown(op)}, ${run.at} FROM ${run.change}`
      return true
    },
  }
}

/** Rows that come and go: each distinct row once, with how often it stands. */
function planBag(op: Op, what: string): Rule {
  return {
    strategy: 'linear',
    reason: what,
    state: 'the distinct rows, and how often each stands',
    insertOnly: false,
    needsRows: [false],
    ...bag(op.columns),
    *maintain(run) {
      const input = run.inputs[0]
      if (!input?.isChanged) return false
      const net = `SELECT ${ids(op.columns)}, CAST(sum(_w) AS BIGINT) AS _w FROM ${input.change()} GROUP BY ALL HAVING sum(_w) <> 0`
      const count = yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${net}`
      if (count === 0) return false
      yield applyToBag(run, op.columns)
      return true
    },
  }
}

/** Rule: any deterministic SELECT, computed anew when one of its inputs changed; the net change is what is written. */
export function planRecomputed(op: Op, select: (run: Run) => string, inputs: number, why: string): Rule {
  return {
    strategy: 'full',
    reason: `computed anew when an input changes: ${why}`,
    state: 'the distinct rows, and how often each stands',
    insertOnly: false,
    needsRows: Array.from({ length: inputs }, () => true),
    ...bag(op.columns),
    *maintain(run) {
      if (!run.isFirst && !run.inputs.some((input) => input.isChanged)) return false
      const all = ids(op.columns)
      const count =
        yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS SELECT ${all}, CAST(sum(_w) AS BIGINT) AS _w FROM (SELECT ${all}, 1 AS _w FROM (${select(run)}) UNION ALL SELECT ${all}, -_weight FROM ${run.table}) GROUP BY ALL HAVING sum(_w) <> 0`
      if (count === 0) return false
      yield applyToBag(run, op.columns)
      return true
    },
  }
}

function bag(columns: readonly Col[]): Pick<Rule, 'create' | 'rows' | 'weighted'> {
  const all = ids(columns)
  return {
    create: ({ table }: Names) => [`CREATE TABLE ${table} (${[...cells(columns), '_weight BIGINT'].join(', ')})`],
    // Almost every row has weight 1: only the others pay for being repeated.
    rows: ({ table }: Names) =>
      `SELECT ${all} FROM ${table} UNION ALL SELECT ${all} FROM (SELECT ${all}, unnest(range(_weight - 1)) FROM ${table} WHERE _weight > 1)`,
    weighted: ({ table }: Names) => `SELECT ${all}, _weight AS _w FROM ${table}`,
  }
}

function applyToBag(run: Run, columns: readonly Col[]): string {
  const names = columns.map((column) => ident(column.id))
  const match = sameKeys(
    columns.map((column) => ({ left: `t.${ident(column.id)}`, right: `d.${ident(column.id)}`, nullable: column.nullable })),
  )
  return `MERGE INTO ${run.table} AS t USING ${run.change} AS d ON ${match} WHEN MATCHED AND t._weight + d._w = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET _weight = t._weight + d._w WHEN NOT MATCHED THEN INSERT (${[...names, '_weight'].join(', ')}) VALUES (${[...names.map((name) => `d.${name}`), 'd._w'].join(', ')})`
}

function cells(columns: readonly Col[]): string[] {
  return columns.length > 0 ? columns.map((column) => `${ident(column.id)} ${column.type}`) : ['_one INTEGER']
}

function shown(op: Op): string {
  return op.columns.length > 0 ? ids(op.columns) : '_one'
}
