import { describe, expect, test } from 'vitest'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import {
  groupDomains,
  groupInput,
  key,
  planGroups,
  planGroupsUnread,
  proveGroups,
  roundedFloats,
} from '../../../test/support/group-cases.ts'
import { aggregate, col, expr, groupOf, orderTerm, rowsOf } from '../../../test/support/ops.ts'
import { trace } from '../../../test/support/trace.ts'
import { planGroup } from './group.ts'

const count = aggregate('c', 'count_star', [], { type: 'BIGINT' })
const sumOf = (sql: string, type: string, result = 'HUGEINT') => aggregate('s', 'sum', [[sql, type]], { type: result })

proveGroups('keys alone', [])

proveGroups(
  'aggregates that are computed anew, beside others',
  [
    aggregate('m', 'median', [['x', 'BIGINT']], { type: 'DOUBLE', filter: 'y' }),
    aggregate('l', 'list', [['b', 'VARCHAR']], { type: 'VARCHAR[]', order: [orderTerm('x'), orderTerm('b')] }),
    aggregate('s', 'sum', [['f', 'DOUBLE']], { type: 'DOUBLE', filter: "f < 'inf'::DOUBLE" }),
    aggregate(
      'q',
      'string_agg',
      [
        ['b', 'VARCHAR'],
        ["'+'", 'VARCHAR'],
      ],
      { type: 'VARCHAR', distinct: true, order: [orderTerm('b')] },
    ),
    aggregate('e', 'max', [['x', 'BIGINT']], { type: 'BIGINT' }),
    aggregate('u', 'count', [['x', 'BIGINT']], { type: 'BIGINT', distinct: true }),
    aggregate('h', 'histogram', [['t', 'INTEGER']], { type: 'MAP(INTEGER, UBIGINT)' }),
    count,
  ],
  roundedFloats,
)

describe('sums that leave their type', () => {
  const full = rowsOf(col('x', 'BIGINT'), col('d', 'DECIMAL(18,2)'))
  const domains = { x: ['9223372036854775807'], d: ['9999999999999999.99'] }
  for (const [what, one] of [
    ['BIGINT', sumOf('x', 'BIGINT')],
    ['DECIMAL', sumOf('d', 'DECIMAL(18,2)', 'DECIMAL(38,2)')],
    ['squares', aggregate('v', 'var_pop', [['x', 'BIGINT']], { type: 'DOUBLE' })],
  ] as const)
    for (const insertOnly of [true, false])
      for (const [how, plan, rowsMax] of [
        ['when batches are added up', planGroups, 1],
        ['in one batch', planGroups, 8],
        ['when nobody reads the change', planGroupsUnread, 1],
      ] as const)
        test(`of ${what} raise ${how}, ${insertOnly ? 'rows are only added' : 'rows also go'}`, async () => {
          const op = groupOf(full, [], [one])
          const run = trace({ op, plan, domains, seed: 3, insertOnly: [insertOnly], rowsMax, steps: 40 })
          await expect(run).rejects.toThrow(/out of range|Overflow/i)
        })

  test('the least number may go: its negative is not of its type', async () => {
    const domains = { x: ['-9223372036854775808', '9223372036854775807'], d: ['0'] }
    for (const seed of [1, 2, 3])
      await trace({
        op: groupOf(full, [], [count, aggregate('e', 'min', [['x', 'BIGINT']], { type: 'BIGINT' })]),
        plan: planGroups,
        domains,
        seed,
      })
    const one = groupOf(full, [key('k', 'BIGINT', 'x')], [sumOf('x', 'BIGINT')])
    await trace({ op: one, plan: planGroups, domains, seed: 1, rowsMax: 1, steps: 4 })
  })
})

describe('keys of any type', () => {
  const input = rowsOf(col('f', 'DOUBLE'), col('p', 'STRUCT(i INTEGER, j VARCHAR)'), col('v', 'INTEGER[]'), col('i', 'INTERVAL'))
  const domains = {
    f: ["'nan'::DOUBLE", "'-0.0'::DOUBLE", '0.0', 'NULL'],
    p: ["{i: 1, j: 'a'}", '{i: 1, j: NULL}', 'NULL'],
    v: ['[1]', '[NULL]', '[]', 'NULL'],
    i: ["INTERVAL '1 month'", "INTERVAL '2 months'"],
  }
  for (const insertOnly of [true, false])
    test(insertOnly ? 'rows are only added' : 'rows also go', async () => {
      const keys = [
        key('k', 'DOUBLE', 'f'),
        key('k2', 'STRUCT(i INTEGER, j VARCHAR)', 'p'),
        key('k3', 'INTEGER[]', 'v'),
        key('k4', 'INTERVAL', 'i'),
      ]
      for (const one of [...keys.map((only) => [only]), keys])
        await trace({ op: groupOf(input, one, [count]), plan: planGroups, domains, seed: 5, insertOnly: [insertOnly], steps: 6 })
    })
})

test('a key that has several forms is shown in one', async () => {
  const input = rowsOf(col('f', 'DOUBLE'), col('i', 'INTERVAL'))
  const rule = planGroup(groupOf(input, [key('k', 'DOUBLE', 'f'), key('l', 'INTERVAL', 'i')], [count]), [{ op: input, insertOnly: true }])
  const names = { table: 'kept', side: (name: string) => name }
  const store = await openDuckdb(':memory:')
  try {
    await store.script(rule.create(names))
    const change = "(SELECT CAST('-0.0' AS DOUBLE) AS f, INTERVAL 30 DAY AS i, 1 AS _w)"
    const rows = {
      columns: input.columns,
      insertOnly: true,
      rows: () => '',
      weighted: () => '',
      before: () => '',
      refound: () => '',
      isOnlyAdded: true,
    }
    const run = { ...names, temp: (name: string) => name, handsOn: false, change: '', at: 1n, isFirst: true, isSmall: false }
    const statements = rule.maintain({ ...run, inputs: [{ ...rows, isChanged: true, change: () => change }] })
    for (let next = statements.next(); !next.done; next = statements.next(1)) await store.script([next.value])
    const shown = await store.transaction((tx) => tx.all(`SELECT k::VARCHAR AS k, l::VARCHAR AS l, c FROM (${rule.rows(names)})`))
    expect(shown).toEqual([{ k: '0.0', l: '1 month', c: 1n }])
  } finally {
    await store.close()
  }
})

describe('what a batch costs', () => {
  const heads = (statements: readonly string[]) => statements.map((one) => /^(\w+)/.exec(one)?.[1])
  const byT = [{ col: col('k', 'INTEGER', 'not null'), expr: expr('t % 2') }]
  const last = (op: Parameters<typeof planGroup>[0], insertOnly: boolean, seed: number) =>
    trace({ op, plan: planGroups, domains: groupDomains, seed, insertOnly: [insertOnly], steps: 6 })

  test('sums: the batch, the touched groups, one UPDATE, the change', async () => {
    expect(heads(await last(groupOf(groupInput, byT, [count, sumOf('x', 'BIGINT')]), true, 1))).toEqual([
      'CREATE',
      'CREATE',
      'UPDATE',
      'CREATE',
    ])
  })

  test('only keys that may be NULL are compared by IS NOT DISTINCT FROM', async () => {
    const statements = await last(groupOf(groupInput, byT, [count]), true, 1)
    expect(statements.slice(0, 3).join(' ')).not.toContain('IS NOT DISTINCT FROM')
  })
})
