import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { col, expr, rowsOf } from '../../../test/support/ops.ts'
import { type Traced, trace } from '../../../test/support/trace.ts'
import { asofRows } from '../algebra/asof.ts'
import type { Asof } from '../algebra/op.ts'
import { planAsof } from './asof.ts'

const left = rowsOf(col('lk', 'INTEGER'), col('ln', 'VARCHAR'), col('lt', 'INTEGER'), col('x', 'INTEGER'))
const right = rowsOf(col('rk', 'INTEGER'), col('rt', 'BIGINT'), col('rn', 'VARCHAR'), col('p', 'INTEGER'), col('q', 'VARCHAR'))
const times = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', 'NULL']
const domains = {
  lk: ['1', '2', 'NULL'],
  ln: ["'a'", "'b'"],
  lt: times,
  x: ['1', '2'],
  rk: ['1', '2', 'NULL'],
  rt: times,
  rn: ["'a'", "'b'", 'NULL'],
  p: ['1', '2', 'NULL'],
  q: ["'c'", "'d'", 'NULL'],
}
const signs = ['>=', '>', '<=', '<'] as const

function asof(
  type: Asof['type'],
  sign: Asof['time']['sign'],
  keys: readonly (readonly [string, string])[],
  shown?: readonly string[],
): Asof {
  const columns = [...left.columns, ...right.columns.map((column) => ({ ...column, nullable: true }))]
  return {
    kind: 'asof',
    type,
    left,
    right,
    keys: keys.map(([one, other]) => ({ left: expr(one), right: expr(other) })),
    time: { left: expr('lt'), right: expr('rt'), sign },
    columns: columns.filter((column) => shown?.includes(column.id) ?? true),
  }
}

const keys: Record<string, readonly (readonly [string, string])[]> = {
  'one key': [['lk', 'rk']],
  'two keys, one an expression': [
    ['lk', 'rk'],
    ['upper(ln)', 'upper(rn)'],
  ],
  'no key': [],
}

describe.each(Object.keys(keys))('by %s', (name) => {
  test.each(signs)('left time %s right time', async (sign) => {
    const one = (type: Asof['type'], seed: number, more: Partial<Traced<Asof>> = {}) =>
      trace({ op: asof(type, sign, keys[name] ?? []), plan: planAsof, domains, seed, rowsMax: 9, steps: 5, ...more })
    const seed = signs.indexOf(sign) * 10
    await one(sign.length > 1 ? 'left' : 'inner', seed + 1)
    await one('inner', seed + 2, { firstAt: 2 })
    await one('left', seed + 3, { insertOnly: [sign.length > 1, true] })
  })
})

test('of the right side nothing is shown, or of the left side', async () => {
  for (const shown of [['x'], ['p', 'q'], ['lt', 'q']])
    await trace({ op: asof('left', '>=', [['lk', 'rk']], shown), plan: planAsof, domains, seed: 6, rowsMax: 9, steps: 6 })
})

/** The join by a subquery that is easy to read and slow: of the partners' times the last, of its rows the greatest. */
function plainly({ type, keys: pairs, time }: Asof, l: string, r: string): string {
  const on = [...pairs.map((pair) => `${pair.left.sql} = ${pair.right.sql}`), `lt ${time.sign} rt`].join(' AND ')
  const order = `rt ${time.sign.startsWith('>') ? 'DESC' : 'ASC'}, ${right.columns.map(({ id }) => `${id} DESC NULLS FIRST`).join(', ')}`
  const all = `SELECT l._i, r.*, row_number() OVER (PARTITION BY l._i ORDER BY ${order}) AS _n FROM l JOIN ${r} AS r ON ${on}`
  return `WITH l AS (SELECT *, row_number() OVER () AS _i FROM ${l}) SELECT l.* EXCLUDE (_i), b.* EXCLUDE (_i, _n) FROM l ${type} JOIN (SELECT * FROM (${all}) WHERE _n = 1) AS b ON l._i = b._i`
}

/** DuckDB's own join ended not at all on some inputs with one thread (1.5.6), and could not be interrupted. */
describe.each(['1', '4'])('with %s threads', (threads) => {
  test('the rows are those of a plain query, and come at once', { timeout: 60_000 }, async () => {
    const connection = await (await DuckDBInstance.create(':memory:', { threads })).connect()
    const made = (rows: number, columns: string) => `SELECT ${columns} FROM range(${rows}) AS s(i)`
    const pick = (n: number, count: number, type = 'INTEGER') => `nullif(hash(i * ${n}) % ${count}, 0)::${type}`
    const some = (n: number, count: number) => `['a', 'b', NULL][(1 + hash(i * ${n}) % ${count})::BIGINT]`
    for (const [ls, rs, times] of [
      [0, 3, 5],
      [3, 0, 5],
      [63, 64, 9],
      [64, 64, 200],
      [64, 1, 9],
      [2049, 300, 50],
      [300, 2049, 4000],
    ] as const) {
      // What ended not at all did so with one thread.
      if (threads !== '1' && ls + rs > 1_000) continue
      await connection.run(
        `CREATE OR REPLACE TABLE l AS ${made(ls, `${pick(3, 9)} AS lk, ${some(5, 2)} AS ln, ${pick(7, times)} AS lt, i::INTEGER AS x`)}`,
      )
      await connection.run(
        `CREATE OR REPLACE TABLE r AS ${made(rs, `${pick(11, 9)} AS rk, ${pick(13, times, 'BIGINT')} AS rt, ${some(17, 3)} AS rn, ${pick(19, 5)} AS p, ${some(23, 3)} AS q`)}`,
      )
      for (const sign of signs)
        for (const by of Object.values(keys)) {
          if (by.length === 0 && ls * rs > 100_000) continue // of the plain query, which compares all with all
          const op = asof(ls > rs ? 'left' : 'inner', sign, by)
          const [own, plain] = [asofRows(op, 'l', 'r'), plainly(op, 'l', 'r')]
          const differing = `SELECT count(*) FROM ((FROM (${own}) EXCEPT ALL FROM (${plain})) UNION ALL (FROM (${plain}) EXCEPT ALL FROM (${own})))`
          const [[count] = []] = await (await connection.runAndReadAll(differing)).getRowsJson()
          expect(count, `${ls} and ${rs} rows, ${op.type} ${sign} by ${by.length}`).toBe('0')
        }
    }
    connection.closeSync()
  })
})
