import { describe, expect, test } from 'vitest'
import { ident } from '../../../connectors/store/quote.ts'
import { parsed } from '../../../test/support/parsed.ts'
import { trace } from '../../../test/support/trace.ts'
import { inputOf, type Leaf } from '../algebra/feed.ts'
import type { Col, Join, Map as MapOp, Op, Scan, Window } from '../algebra/op.ts'
import type { Rule } from './rule.ts'
import { planTop } from './top.ts'

const column = (id: string, type = 'INTEGER', nullable = true): Col => ({ id, type, nullable })

/** Events of a stream: two columns, and their place in the log. */
function events(name: string, ids: readonly [string, string, string, string]): Scan {
  const columns = [column(ids[0]), column(ids[1], 'VARCHAR'), column(ids[2], 'INTEGER', false), column(ids[3], 'BIGINT', false)]
  const names = ['v', 'payload', '_partition', '_offset']
  const relation = { name, kind: 'stream', source: name, columns: names.map((one, i) => ({ name: one, type: columns[i]?.type ?? '' })) }
  return { kind: 'scan', read: { relation: { ...relation, kind: 'stream', appendOnly: true }, placed: true }, columns, names }
}

const scans = [events('in0', ['#1', '#2', '#3', '#4']), events('in1', ['#5', '#6', '#7', '#8'])]
const rank = column('#10', 'BIGINT', false)
/** No two events have one place, though they share offsets. Payloads and values are few, so that rows tie in all but their places. */
const places = (i: number) => {
  const number = `((SELECT count(*) FROM in${i}) + (SELECT count(*) FROM raw${i}))`
  return { partition: [`${number} % 2`], offset: [`${number} // 2`] }
}
const domains = {
  ...{ '#1': ['1', '2', 'NULL'], '#2': ["'a'", "'b'", 'NULL'], '#3': places(0).partition, '#4': places(0).offset },
  ...{ '#5': ['1', '2', '3'], '#6': ["'x'", "'y'"], '#7': places(1).partition, '#8': places(1).offset },
}

async function map(order: string, where: string, shown: readonly Col[]): Promise<MapOp> {
  const on = [await parsed('"#1" <= "#5"')]
  const input: Join = { kind: 'join', inputs: scans, on, columns: scans.flatMap((scan) => scan.columns) }
  const windows = [{ col: rank, expr: await parsed(`row_number() OVER (PARTITION BY "#1" ORDER BY ${order})`) }]
  const window: Window = { kind: 'window', input, partition: [await parsed('"#1"')], windows, columns: [...input.columns, rank] }
  const outputs = await Promise.all(shown.map(async (one, i) => ({ col: { ...one, id: `#${20 + i}` }, expr: await parsed(ident(one.id)) })))
  return { kind: 'map', input: window, where: [await parsed(where)], outputs, columns: outputs.map((one) => one.col) }
}

/** The rule over the join, as the compiler puts it together: both inputs are kept, and rows only come to them. */
function planned(op: MapOp): Rule {
  const join = (op.input as Window).input
  const rule = planTop(op, [{ op: join, insertOnly: true }])
  if (typeof rule === 'string') throw new Error(rule)
  const leaves = new Map<Op, Leaf>(scans.map((scan) => [scan, { kind: 'kept', name: scan.read.relation.name, marked: true }]))
  return {
    ...rule,
    *maintain(run) {
      yield 'CREATE SCHEMA IF NOT EXISTS _rel'
      for (const [i, { columns, names }] of scans.entries()) {
        const isNew = run.inputs[i]?.isChanged ? `rowid >= (SELECT count(*) FROM main.in${i}) - (SELECT count(*) FROM temp.d${i})` : 'FALSE'
        const named = columns.map(({ id }, at) => `${ident(id)} AS ${ident(names[at] ?? '')}`).join(', ')
        yield `CREATE OR REPLACE TABLE _rel."in${i}+at" AS SELECT ${named}, ${run.at} - CASE WHEN ${isNew} THEN 0 ELSE 1 END AS _at FROM main.in${i}`
        yield `CREATE OR REPLACE VIEW _rel.in${i} AS SELECT * EXCLUDE (_at) FROM _rel."in${i}+at"`
      }
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
      return yield* rule.maintain({ ...run, inputs: [inputOf({ op: join, leaves, insertOnly: true }, fed)] })
    },
  }
}

const byPlace = '"#5" DESC, "#7", "#8", "#3", "#4"'
const some = [column('#1'), column('#2', 'VARCHAR'), column('#6', 'VARCHAR')]
const options = { inputs: scans, insertOnly: [true, true], plan: planned, domains }

describe('the first rows of a join, of which the rest is read when they are known', () => {
  for (const seed of [1, 2, 3])
    for (const firstAt of [-1, 3]) {
      test(`the first, seed ${seed}, first at ${firstAt}`, async () => {
        await trace({ ...options, op: await map(byPlace, '"#10" = 1', some), seed, firstAt })
      })
      test(`the first three with their rank, seed ${seed}, first at ${firstAt}`, async () => {
        await trace({ ...options, op: await map(byPlace, '"#10" <= 3', [...some, rank]), seed, firstAt })
      })
    }
})

test('rows that are equal in all that is compared, and differ in the rest, keep what is their own', async () => {
  const same = { '#1': ['1'], '#5': ['1'], '#2': ["'a'", "'b'", "'c'", "'d'"], '#6': ["'w'", "'x'", "'y'", "'z'"] }
  for (const seed of [4, 5])
    await trace({ ...options, domains: { ...domains, ...same }, op: await map(byPlace, '"#10" <= 2', some), seed, isSmall: false })
})

test('what is not of the order is carried where an event is not told by it, and of a few rows', async () => {
  const came = async (order: string, isSmall = false) => {
    const statements = await trace({ ...options, op: await map(order, '"#10" = 1', some), seed: 1, isSmall })
    return statements.find((one) => one.includes('temp."temp came" AS'))?.split(' FROM ')[0] ?? ''
  }
  expect(await came(byPlace)).not.toMatch(/"#[26]"/)
  expect(await came(byPlace, true)).toMatch(/"#2".*"#6"/)
  expect(await came('"#5" DESC, "#7", "#8", "#2", "#1", "#6"')).toMatch(/"#2".*"#6"/)
})
