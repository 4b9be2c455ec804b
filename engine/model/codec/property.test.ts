import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Field } from '../types.ts'
import { anyFields, rowOf, sqlOf } from './arbitrary-fixture.ts'
import { codecOfFields } from './codec.ts'
import { type Judge, openJudge } from './duckdb-fixture.ts'

const seed = Number(process.env.EVERT_TEST_SEED ?? 20_260_131)
const runs = Number(process.env.EVERT_TEST_RUNS ?? 40)

let judge: Judge
beforeAll(async () => {
  judge = await openJudge()
})
afterAll(() => judge.close())

/** What DuckDB decodes is, value for value, what SQL says of the payloads that JavaScript decodes. */
async function expectSame(fields: readonly Field[], texts: readonly string[]): Promise<void> {
  const codec = codecOfFields(fields)
  const payloads = texts.map((text) => codec.decode(text))
  const rows = await judge.decode(fields, texts)
  const expected = await judge.printed(payloads.flatMap((payload) => fields.map((field) => sqlOf(field.type, payload[field.name]))))
  expect(rows.flat()).toEqual(expected)
}

const sample = anyFields.chain((fields) =>
  fc.record({ fields: fc.constant(fields), rows: fc.array(rowOf(fields), { minLength: 1, maxLength: 8 }) }),
)

/** Texts that tend to be almost right where they land. */
const tokens = [
  '1.7',
  '1.0',
  '1e3',
  '-0',
  'true',
  'null',
  '""',
  '"1"',
  '"1.50"',
  '12345678901234567890',
  '0.1234567890123456789',
  '{}',
  '[]',
  ' ',
  '\n',
  ',',
  '"',
  '\\',
  '\\u0041',
  '\\ud800',
  '+02:00',
  'Z',
  '\x1e',
  '\xff',
  'é',
]

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(4),
  insert: fc.oneof(fc.constantFrom('', ...tokens), fc.string({ maxLength: 2 })),
})

function mutated(text: string, mutations: readonly { at: number; remove: number; insert: string }[]): Buffer {
  let bytes = Buffer.from(text)
  for (const { at, remove, insert } of mutations) {
    const place = Math.floor(at * bytes.length)
    const inserted = insert === '\xff' ? Buffer.from([0xff]) : Buffer.from(insert)
    bytes = Buffer.concat([bytes.subarray(0, place), inserted, bytes.subarray(place + remove)])
  }
  return bytes
}

describe('any columns, any values', () => {
  it('encode, check, decode and DuckDB agree', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ fields, rows }) => {
        const codec = codecOfFields(fields)
        const texts = rows.map((row) => codec.encode(row))
        for (const text of texts) {
          const bytes = Buffer.from(`\x1e${text}\x1e`)
          expect(codec.check(bytes, 1, bytes.length - 1)).toEqual({ ok: true })
        }
        expect(codec.decodeAll(`[${texts.join(',')}]`)).toEqual(texts.map((text) => codec.decode(text)))
        await expectSame(fields, texts)
      }),
      { seed, numRuns: runs },
    )
  })

  it('bytes that pass the check are decoded by DuckDB to the same values, however they came to be', async () => {
    await fc.assert(
      fc.asyncProperty(
        sample,
        fc.array(fc.array(mutation, { minLength: 1, maxLength: 2 }), { minLength: 40, maxLength: 60 }),
        async ({ fields, rows }, mutations) => {
          const codec = codecOfFields(fields)
          const texts = rows.map((row) => codec.encode(row))
          const passed: string[] = []
          for (const [index, each] of mutations.entries()) {
            const bytes = mutated(texts[index % texts.length] as string, each)
            const verdict = codec.check(bytes, 0, bytes.length)
            if (verdict.ok) passed.push(verdict.canonical ?? bytes.toString('utf8'))
            else expect(verdict.reason).not.toBe('')
          }
          if (passed.length > 0) await expectSame(fields, passed)
        },
      ),
      { seed, numRuns: runs },
    )
  })
})
