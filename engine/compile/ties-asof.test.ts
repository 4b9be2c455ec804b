import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import { selectOf } from './algebra/select-of.ts'
import { asofAsLateral } from './ties-asof.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

const plain = await (await DuckDBInstance.create(':memory:')).connect()
await plain.run(
  `CREATE TABLE trades AS FROM (VALUES (1, 5, 'x'), (1, 1, 'y'), (2, 3, 'z'), (NULL, 3, 'u'), (1, NULL, 'v')) AS t(k, t, name)`,
)
await plain.run(
  `CREATE TABLE quotes AS FROM (VALUES (1, 1, 'a'), (1, 4, 'b'), (1, 4, 'c'), (2, 4, 'd'), (2, 3, NULL), (2, 3, 'e')) AS t(k, t, quotes)`,
)

/** Each trade's name with its quote, as the text for DuckDB has them. */
async function found(from: string, quote = 'quotes.quotes'): Promise<string[]> {
  const text = await compiler.analyzer.print(asofAsLateral(await compiler.analyzer.parse(`SELECT trades.name, ${quote} FROM ${from}`)))
  expect(text).not.toMatch(/ASOF/)
  return (await (await plain.runAndReadAll(text)).getRowsJson()).map(([name, value]) => `${name}${value ?? '-'}`).sort()
}

test.each([
  ['trades ASOF JOIN quotes ON trades.k = quotes.k AND trades.t >= quotes.t', ['xc', 'ya', 'z-']],
  ['trades ASOF LEFT JOIN quotes ON quotes.t <= trades.t AND trades.k = quotes.k', ['u-', 'v-', 'xc', 'ya', 'z-']],
  ['trades ASOF LEFT JOIN quotes ON trades.k = quotes.k AND trades.t > quotes.t', ['u-', 'v-', 'xc', 'y-', 'z-']],
  ['trades ASOF JOIN quotes ON trades.k = quotes.k AND trades.t <= quotes.t', ['ya', 'z-']],
  ['trades ASOF JOIN quotes ON trades.k = quotes.k AND quotes.t > trades.t', ['yc', 'zd']],
  ['trades ASOF JOIN quotes USING (k, t)', ['xc', 'ya', 'z-']],
  ["trades ASOF LEFT JOIN quotes ON trades.k = quotes.k AND trades.t >= quotes.t AND trades.name <> 'x'", ['u-', 'v-', 'x-', 'ya', 'z-']],
])('%s', async (from, rows) => {
  expect(await found(from)).toEqual(rows)
})

test('several, and one inside of a subquery', async () => {
  const second = 'ASOF LEFT JOIN quotes AS second ON trades.k = second.k AND trades.t <= second.t'
  expect(await found(`trades ASOF JOIN quotes USING (k, t) ${second}`, 'second.t')).toEqual(['x-', 'y1', 'z3'])
  expect(await found('(FROM trades ASOF JOIN quotes USING (k, t)) AS trades', 'trades.quotes')).toEqual(['xc', 'ya', 'z-'])
})

test('DuckDB’s own join is in no text that is run, be the SELECT understood or not', async () => {
  const from = 'FROM flights AS f ASOF LEFT JOIN airports AS a ON f.origin >= a.iata'
  for (const outputs of ['f.day, a.state', 'min(COLUMNS(f.*))']) {
    const plan = await compiler.plan(`SELECT ${outputs} ${from}`)
    for (const part of [...plan.parts, plan.root]) expect(selectOf(part.op)).not.toMatch(/ASOF/)
  }
})
