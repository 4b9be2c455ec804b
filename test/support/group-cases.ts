import { test } from 'vitest'
import type { AggregateOutput, Group, Output } from '../../engine/compile/algebra/op.ts'
import { planGroup } from '../../engine/compile/rules/group.ts'
import type { Input, Rule, Run, Traits } from '../../engine/compile/rules/rule.ts'
import { col, expr, groupOf, rowsOf } from './ops.ts'
import { type Domains, trace } from './trace.ts'

/** Grouped SELECTs over one input whose cells tie, repeat and are NULL often, so that few rows meet every case. */

export const groupInput = rowsOf(
  col('a', 'INTEGER'),
  col('b', 'VARCHAR'),
  col('x', 'BIGINT'),
  col('d', 'DECIMAL(18,2)'),
  col('f', 'DOUBLE'),
  col('y', 'BOOLEAN'),
  col('t', 'INTEGER', 'not null'),
)

export const groupDomains: Domains = {
  a: ['1', '2', 'NULL'],
  b: ["'p'", "'q'", "''", 'NULL'],
  x: ['1', '2', '3', '-7', '40', 'NULL'],
  d: ['0.25', '-1.25', '3.50', '3.50', 'NULL'],
  f: ['1.5', '-2', "'nan'::DOUBLE", "'inf'::DOUBLE", '0', 'NULL'],
  y: ['TRUE', 'FALSE', 'NULL'],
  t: ['1', '2', '3', '4', '5', '6'],
}

const none: readonly Output[] = []
const two: readonly Output[] = [key('k1', 'INTEGER', 'a'), key('k2', 'VARCHAR', 'b')]
const never: readonly Output[] = [{ col: col('k1', 'INTEGER', 'not null'), expr: expr('t + 1') }]

export function key(id: string, type: string, sql: string): Output {
  return { col: col(id, type), expr: expr(sql) }
}

/** Proves a list of aggregates: rows that are only added and rows that also go, by several keys, from the start and from later on. */
export function proveGroups(what: string, aggregates: readonly AggregateOutput[], rounded = (row: string) => row): void {
  for (const insertOnly of [true, false])
    test(`${what}, ${insertOnly ? 'rows are only added' : 'rows also go'}`, async () => {
      const prove = (keys: readonly Output[], seed: number, plan = planGroups, firstAt = -1) =>
        trace({
          op: groupOf(groupInput, keys, aggregates),
          plan,
          domains: groupDomains,
          insertOnly: [insertOnly],
          steps: process.env.EVERT_LONG === '1' ? 7 : 5,
          seed,
          firstAt,
          rounded,
        })
      if (aggregates.length > 0) await prove(none, 11, planGroupsUncounted)
      if (aggregates.length > 0) await prove(none, 12, planGroupsUnread, 2)
      await prove(two, 13, insertOnly ? planGroups : planGroupsNoisy)
      await prove(two, 14, planGroups, 3)
      await prove(never, 18, insertOnly ? planGroupsUnread : unread(planGroupsNoisy))
      if (!insertOnly) await prove(never, 19, planGroupsUnread)
      await prove(never, 16, planGroupsUncounted)
    })
}

type Plan = (op: Group, inputs: readonly Traits[]) => Rule

/** The rule, whose input hands on rows that are only added one by one, as inputs do: the harness adds equal rows up. */
export const planGroups: Plan = (op, inputs) => {
  const rule = planGroup(op, inputs)
  const each = (input: Input): Input => {
    if (!input.insertOnly) return input
    return {
      ...input,
      change: () => `(SELECT * EXCLUDE (_w, _i), 1 AS _w FROM (SELECT *, unnest(range(_w)) AS _i FROM ${input.change()}))`,
    }
  }
  return { ...rule, maintain: (run: Run) => rule.maintain({ ...run, inputs: run.inputs.map(each) }) }
}

/** The rule, whose input names rows that came and went within the batch, some of groups that are not there, as joins do. */
const planGroupsNoisy: Plan = (op, inputs) => {
  const rule = planGroup(op, inputs)
  const noisy = (input: Input): Input => {
    const noise = [2, -1, -1].map(
      (weight) => `SELECT * REPLACE (a + t AS a, t + 7 AS t, -1000 AS x, ${weight} AS _w) FROM ${input.change()}`,
    )
    return { ...input, isOnlyAdded: false, change: () => `(SELECT * FROM ${input.change()} UNION ALL ${noise.join(' UNION ALL ')})` }
  }
  return { ...rule, maintain: (run: Run) => rule.maintain({ ...run, inputs: run.inputs.map(noisy) }) }
}

export function planGroupsUnread(op: Group, inputs: readonly Traits[]): Rule {
  return unread(planGroups)(op, inputs)
}

/** A rule where nobody reads its change: the harness gets the difference of its rows. */
export function unread<O>(plan: (op: O, inputs: readonly Traits[]) => Rule): (op: O, inputs: readonly Traits[]) => Rule {
  return (op, inputs) => {
    const rule = plan(op, inputs)
    return {
      ...rule,
      *maintain(run) {
        const before = run.temp('rows before')
        yield `CREATE OR REPLACE TEMP TABLE ${before} AS ${rule.rows(run)}`
        if (yield* rule.maintain({ ...run, handsOn: false })) throw new Error('It hands on a change that nobody reads.')
        const both = `SELECT *, 1 AS _w FROM (${rule.rows(run)}) UNION ALL SELECT *, -1 FROM ${before}`
        yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS SELECT * EXCLUDE (_w), CAST(sum(_w) AS BIGINT) AS _w FROM (${both}) GROUP BY ALL HAVING sum(_w) <> 0`
        return true
      },
    }
  }
}

/** The rule where nobody knows how many rows a statement wrote. */
const planGroupsUncounted: Plan = (op, inputs) => {
  const rule = planGroups(op, inputs)
  return {
    ...rule,
    *maintain(run) {
      const statements = rule.maintain(run)
      let next = statements.next()
      while (!next.done) {
        yield next.value
        next = statements.next(1)
      }
      return next.value
    },
  }
}

/** Floats to ten digits; what is next to nothing is nothing. */
export function roundedFloats(row: string): string {
  return row.replace(/-?\d+(\.\d+)?(e[-+]?\d+)?/g, (number) => (Math.abs(Number(number)) < 1e-9 ? '0' : Number(number).toPrecision(10)))
}
