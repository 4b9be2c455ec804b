import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import { rewriteOf } from './explain-rewrites.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

test.each([
  ['SELECT origin, row_number() OVER (ORDER BY day) AS n FROM flights', /PARTITION BY/],
  ['SELECT sum(ratio) AS s FROM flights', /DECIMAL/],
  ['SELECT f.origin FROM flights AS f LEFT JOIN airports AS a ON a.iata > f.origin', /equality/],
  [
    'WITH RECURSIVE r AS (SELECT origin AS o FROM flights UNION SELECT destination FROM flights JOIN r ON o = origin) SELECT o FROM r',
    /keep what it reads small/,
  ],
  ['SELECT origin FROM flights ORDER BY origin LIMIT 10%', /the number of rows/],
])('%s has a rewrite', async (select, rewrite) => {
  const plan = await compiler.plan(select)
  const full = [...plan.parts, plan.root].filter((part) => part.rule.strategy === 'full')
  expect(full.map(rewriteOf), full.map((part) => part.rule.reason).join()).toMatchObject([expect.stringMatching(rewrite)])
})

test('what is kept by changes and has no advice has none', async () => {
  const { root } = await compiler.plan('SELECT origin, count(*) AS n FROM flights GROUP BY origin')
  expect(rewriteOf(root)).toBeUndefined()
})
