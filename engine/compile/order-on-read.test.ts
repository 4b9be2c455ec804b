import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

test.each([
  ['delay', 'delay ASC'],
  ['delay NULLS FIRST, 1 DESC NULLS LAST', 'delay ASC NULLS FIRST, origin DESC NULLS LAST'],
  ['upper(origin) DESC, delay', 'u DESC, delay ASC'],
  ['delay DESC, distance, origin', 'delay DESC'],
])('ORDER BY %s applies on read', async (order, read) => {
  const { order: got } = await compiler.plan(`SELECT origin, delay, upper(origin) AS u FROM flights ORDER BY ${order}`)
  expect(got.replaceAll('"', '')).toBe(` ORDER BY ${read}`)
})
