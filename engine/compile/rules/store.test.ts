import { describe, test } from 'vitest'
import { ident } from '../../../connectors/store/quote.ts'
import { trace } from '../../../test/support/trace.ts'
import { inputOf, type Leaf } from '../algebra/feed.ts'
import { type Col, type Expr, inputsOf, type Join, type Op, type Scan, type Union } from '../algebra/op.ts'
import type { Rule } from './rule.ts'
import { planStore } from './store.ts'

const col = (id: string): Col => ({ id, type: 'INTEGER', nullable: true })
const expr = (sql: string, ...uses: string[]): Expr => ({ ast: {}, sql, uses: new Set(uses) })
const domain = ['1', '2', '3', 'NULL']

function scan(name: string, ...columns: string[]): Scan {
  const relation = {
    name,
    kind: 'view',
    source: name,
    columns: columns.map((id) => ({ name: id, type: 'INTEGER' })),
    appendOnly: false,
  } as const
  return { kind: 'scan', read: { relation, placed: false }, columns: columns.map(col), names: columns }
}

/** The rule over what is kept, as the compiler puts it together: the operator's change is computed from its inputs' changes. */
function planned(op: Op): Rule {
  const rule = planStore(op, { op, insertOnly: false })
  const inputs = inputsOf(op)
  const leaves = new Map<Op, Leaf>(inputs.map((input, i) => [input, { kind: 'kept', name: `in${i}`, marked: false }]))
  return {
    ...rule,
    needsRows: inputs.map(() => true),
    *maintain(run) {
      yield 'CREATE SCHEMA IF NOT EXISTS _rel'
      for (const [i, input] of inputs.entries())
        yield `CREATE OR REPLACE VIEW _rel.in${i} AS SELECT ${input.columns.map((column) => ident(column.id)).join(', ')} FROM main.in${i}`
      const at = (name: string) => run.inputs[Number(name.slice(2))]
      const fed = {
        delta: () => '',
        isStreamChanged: () => false,
        isChanged: (name: string) => at(name)?.isChanged === true,
        isAdded: (name: string) => at(name)?.isOnlyAdded === true,
        change: (name: string) => at(name)?.change() ?? '',
        isFirst: run.isFirst,
        at: run.at,
      }
      return yield* rule.maintain({ ...run, inputs: [inputOf({ op, leaves, insertOnly: false }, fed)] })
    },
  }
}

const a = scan('in0', '#1', '#2')
const b = scan('in1', '#3', '#4')
const c = scan('in2', '#5')
const domains = Object.fromEntries(['#1', '#2', '#3', '#4', '#5'].map((id) => [id, domain]))
const join = (inputs: readonly Op[], ...on: Expr[]): Join => ({
  kind: 'join',
  inputs,
  on,
  columns: inputs.flatMap((input) => input.columns),
})
const equal = expr('"#1" = "#3"', '#1', '#3')

describe('what is added and taken away is joined, whichever inputs change', () => {
  for (const seed of [1, 2, 3]) {
    for (const firstAt of [-1, 4]) {
      const options = { seed, firstAt, domains, steps: 14 }
      test(`an equality, seed ${seed}, first at ${firstAt}`, () => trace({ ...options, op: join([a, b], equal), plan: planned }))
      test(`three inputs, seed ${seed}, first at ${firstAt}`, () =>
        trace({ ...options, op: join([a, b, c], equal, expr('"#4" <= "#5"', '#4', '#5')), plan: planned, rowsMax: 4 }))
      test(`a cross product, seed ${seed}, first at ${firstAt}`, () => trace({ ...options, op: join([a, c]), plan: planned, rowsMax: 3 }))
      test(`UNION ALL, seed ${seed}, first at ${firstAt}`, () => {
        const op: Union = { kind: 'union', inputs: [a, b], columns: [col('#8'), col('#9')] }
        return trace({ ...options, op, plan: planned })
      })
    }
  }
})
