import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import type { Store } from '../../../connectors/store/store.ts'
import { parseSqlType } from '../../model/schema/parse-sql-type.ts'
import type { Field } from '../../model/types.ts'
import { keyForm } from './key-form.ts'

let store: Store
beforeAll(async () => {
  store = await openDuckdb(':memory:')
})
afterAll(() => store.close())

/** Type, decoded keys, and the text that all of them are; or their texts. */
const cases: [string, unknown[]][] = [
  ['VARCHAR', ['', 'a', "o'neil", '"\\', 'ü\u{1F600}', '\0', '\x1e', 'null']],
  ['BOOLEAN', [true, false]],
  ['TINYINT', [-128, 0, 127]],
  ['INTEGER', [-1, 0, 2 ** 31 - 1]],
  ['BIGINT', [-(2n ** 63n), 0n, 2n ** 63n - 1n, 5]],
  ['UBIGINT', [2n ** 64n - 1n]],
  ['HUGEINT', [2n ** 127n - 1n, -(2n ** 127n)]],
  ['DECIMAL(18,2)', ['1.50', '-0.01', '1234567890123456.78']],
  ['DECIMAL(38,10)', ['1234567890123456789012345678.0123456789']],
  ['UUID', ['01234567-89ab-cdef-0123-456789abcdef', 'ffffffff-89ab-cdef-0123-456789abcdef']],
  ['DATE', ['2026-01-31', '0001-01-01', '9999-12-31']],
  ['TIME', ['12:34:56', '00:00:00.000001', '23:59:59.999999']],
  ['TIMESTAMP', ['2026-01-31T12:34:56', '2026-01-31T12:34:56.123456', '0001-01-01T00:00:00', '1969-12-31T23:59:59.999999']],
  [
    'TIMESTAMP WITH TIME ZONE',
    ['2026-01-31T12:34:56.123456Z', '2026-01-31T12:34:56+02:00', '1969-12-31T23:59:59.5Z', new Date(1_700_000_000_123)],
  ],
]

test.each(cases)('%s: text to column and back, and found by constant', async (name, values) => {
  const field: Field = { name: 'k', type: parseSqlType(name) ?? { kind: 'scalar', name: 'VARCHAR' }, required: true }
  const form = keyForm(field)
  const texts = values.map((value) => form.text(value) as string)
  expect(new Set(texts).size).toBe(texts.length)
  await store.script(['DROP TABLE IF EXISTS keyed', `CREATE TABLE keyed (k ${name})`])
  await store.transaction(async (tx) => {
    await tx.run(`INSERT INTO keyed SELECT ${form.fromText('t')} FROM (SELECT unnest(from_json(decode($1), '["VARCHAR"]')) AS t)`, [
      Buffer.from(JSON.stringify(texts)),
    ])
    const back = await tx.all(`SELECT ${form.toText('k')} AS t FROM keyed`)
    expect(back.map((row) => row.t).sort()).toEqual([...texts].sort())
    for (const key of texts)
      expect(await tx.all(`SELECT ${form.toText('k')} AS t FROM keyed WHERE k IN (${form.literal(key)})`)).toEqual([{ t: key }])
    // The column holds what DuckDB itself makes of the value's canonical text.
    for (const value of values.filter((one) => typeof one === 'string' && !one.includes('\0'))) {
      const [row] = await tx.all(`SELECT count(*)::INTEGER AS n FROM keyed WHERE k = CAST(decode($1) AS ${name})`, [
        Buffer.from(value as string),
      ])
      expect(row).toEqual({ n: 1 })
    }
  })
})

test('one time in two zones, and with fewer digits, is one key', () => {
  const form = keyForm({ name: 'k', type: { kind: 'scalar', name: 'TIMESTAMP WITH TIME ZONE' }, required: true })
  expect(
    new Set(
      ['2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00Z', '2026-01-31T10:00:00.000Z', new Date('2026-01-31T10:00:00Z')].map((value) =>
        form.text(value),
      ),
    ).size,
  ).toBe(1)
})

test('a missing key has no text', () => {
  for (const name of ['VARCHAR', 'TIMESTAMP'] as const)
    for (const value of [null, undefined])
      expect(keyForm({ name: 'k', type: { kind: 'scalar', name }, required: true }).text(value)).toBeUndefined()
})
