import { describe, expect, test } from 'vitest'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import { type Domains, trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Distinct } from '../algebra/op.ts'
import { planDistinct } from './distinct.ts'
import type { Run } from './rule.ts'

function distinctOf(types: readonly string[], nullable = true): Distinct {
  const columns = types.map((type, i): Col => ({ id: `#${i}`, type, nullable }))
  const input: Constant = { kind: 'constant', sql: 'SELECT 1', columns }
  return { kind: 'distinct', input, columns }
}

const narrow = distinctOf(['BIGINT'])
const wide = distinctOf(['BIGINT', 'VARCHAR', 'DOUBLE', 'INTEGER[]'])
const narrowDomains: Domains = { '#0': ['1', '2', '3', 'NULL'] }
const wideDomains: Domains = {
  '#0': ['1', 'NULL'],
  '#1': ["'a'", "''", 'NULL'],
  '#2': ['0.0', "CAST('-0.0' AS DOUBLE)", "CAST('nan' AS DOUBLE)", 'NULL'],
  '#3': ['[1]', '[1, NULL]', '[]', 'NULL'],
}
const seeds = [1, 2]

describe('DISTINCT', () => {
  for (const insertOnly of [false, true])
    for (const [name, op, domains] of [
      ['one column', narrow, narrowDomains],
      ['four columns', wide, wideDomains],
    ] as const)
      for (const firstAt of [-1, 0, 4])
        test(`${name}${insertOnly ? ', rows are only added' : ''}${firstAt < 0 ? '' : `, first computed at ${firstAt}`}`, async () => {
          for (const seed of seeds) await trace({ op, plan: planDistinct, domains, seed, insertOnly: [insertOnly], firstAt, steps: 8 })
        })

  test('columns that cannot be NULL are compared by = alone', async () => {
    const op = distinctOf(['BIGINT', 'VARCHAR'], false)
    const domains = { '#0': ['1', '2'], '#1': ["'a'", "'b'"] }
    for (const insertOnly of [true, false]) {
      const statements = await trace({ op, plan: planDistinct, domains, seed: 4, insertOnly: [insertOnly], steps: 8 })
      expect(statements.join(' ')).not.toContain('IS NOT DISTINCT FROM')
    }
  })

  test('rows that are only added need no count, and known ones write nothing', async () => {
    const rule = planDistinct(narrow, [{ op: narrow.input, insertOnly: true }])
    expect(rule.insertOnly).toBe(true)
    const statements = rule.maintain(runOf('rows', true))
    expect(statements.next(0).value).toContain('SELECT DISTINCT')
    expect(statements.next(1).value).toContain('NOT EXISTS')
    expect(statements.next(0)).toEqual({ done: true, value: false })
  })

  test('equal rows that look different are kept and handed on in one form', async () => {
    const op = distinctOf(['DOUBLE', 'INTERVAL', 'DOUBLE[]'])
    const store = await openDuckdb(':memory:')
    try {
      const rule = planDistinct(op, [{ op: op.input, insertOnly: false }])
      await store.script(rule.create(runOf('', true)))
      const apply = async (rows: string) => {
        const run = runOf(`(SELECT * FROM (VALUES ${rows}) AS v("#0", "#1", "#2", _w))`, true)
        return await store.transaction(async (tx) => {
          const statements = rule.maintain(run)
          for (let next = statements.next(); !next.done; next = statements.next(await tx.run(next.value)));
          return tx.all(`SELECT "#0"::VARCHAR AS a, "#1"::VARCHAR AS b, "#2"::VARCHAR AS c, _w FROM ${run.change}`)
        })
      }
      const minus = "CAST('-0.0' AS DOUBLE)"
      expect(await apply(`(${minus}, INTERVAL 30 DAY, [${minus}], 1)`)).toEqual([{ a: '0.0', b: '1 month', c: '[-0.0]', _w: 1n }])
      expect(await apply('(CAST(0 AS DOUBLE), INTERVAL 1 MONTH, [CAST(0 AS DOUBLE)], -1)')).toEqual([
        { a: '0.0', b: '1 month', c: '[-0.0]', _w: -1n },
      ])
    } finally {
      await store.close()
    }
  })
})

function runOf(change: string, handsOn: boolean): Run {
  const input = {
    columns: [],
    insertOnly: false,
    isChanged: true,
    change: () => change,
    rows: () => '',
    weighted: () => '',
    before: () => '',
    refound: () => '',
    isOnlyAdded: true,
  }
  return {
    table: 'kept',
    side: (name) => name,
    temp: (name) => `temp.${name}`,
    inputs: [{ ...input, columns: change.startsWith('(') ? distinctOf(['DOUBLE', 'INTERVAL', 'DOUBLE[]']).columns : narrow.columns }],
    handsOn,
    change: 'temp.change',
    at: 1n,
    isFirst: false,
    isSmall: false,
  }
}
