import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import { partIn } from '../../test/support/part.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

/** Is the expression tried on the changes of a batch that nobody reads? */
async function isTried(expression: string): Promise<boolean> {
  const { root } = await compiler.plan(`SELECT origin, ${expression} AS x FROM flights GROUP BY origin`)
  return partIn(root, 'state')
    .batch('events')
    .some((statement) => statement.startsWith('SELECT bit_xor(hash('))
}

describe('expressions over aggregates that cannot raise are not tried', () => {
  for (const expression of [
    'count(*) + 1',
    'CAST(sum(distance) AS BIGINT)',
    'CAST(sum(delay) FILTER (WHERE distance > 3) AS BIGINT)',
    'CAST(sum(DISTINCT delay) AS BIGINT)',
    'CAST(sum(distance) // count(*) AS BIGINT)',
    'sum(distance) // count(delay)',
    'CASE WHEN count(*) > 2 THEN CAST(sum(distance) AS BIGINT) END',
  ])
    test(expression, async () => expect(await isTried(expression)).toBe(false))
})

describe('what may raise is tried', () => {
  for (const expression of [
    'CAST(sum(distance) AS INTEGER)',
    'CAST(sum(big) AS BIGINT)',
    'CAST(sum(distance) * 2 AS BIGINT)',
    'CAST(sum(distance) // sum(delay) AS BIGINT)',
    'CAST(avg(distance) AS BIGINT)',
    'CAST(max(origin) AS BIGINT)',
  ])
    test(expression, async () => expect(await isTried(expression)).toBe(true))
})
