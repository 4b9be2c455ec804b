import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { AppendBatch, Chunk, Log } from '../../connectors/log/log.ts'
import type { Row } from '../../connectors/store/store.ts'
import { type Decoder, openDecoder } from '../../test/support/duck.ts'
import { stream } from '../model/declare/stream.ts'
import { table } from '../model/declare/table.ts'
import { sql } from '../model/schema/sql.ts'
import type { StreamModel, TableModel } from '../model/types.ts'
import { createAppender } from './append.ts'
import type { Source } from './batch.ts'
import { checkChunk } from './check.ts'

const facts = stream('facts', {
  event: z.object({
    id: z.string(),
    n: sql.integer().optional(),
    b: z.int().optional(),
    ok: z.boolean().optional(),
    at: sql.timestamp().optional(),
    tz: sql.timestamptz().optional(),
    d: sql.decimal(18, 2).optional(),
    small: sql.decimal(9, 2).optional(),
    note: z.string().optional(),
  }),
})

let dir: string
let log: Log
let decoder: Decoder
let topics = 0
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'evert-source-'))
  log = await openEmbeddedLog(dir)
  decoder = await openDecoder()
})
afterAll(async () => {
  await decoder.close()
  await log.close()
  rmSync(dir, { recursive: true, force: true })
})

/** The same declaration over a topic of its own. */
function fresh<Model extends StreamModel | TableModel>(model: Model): Model {
  return { ...model, topic: `t${topics++}` }
}

/** Appends foreign bytes as they are, each framed by its length. */
async function foreign(source: Source, values: readonly (string | Uint8Array)[], more: Partial<AppendBatch> = {}): Promise<void> {
  await log.createTopic(source.topic, { partitions: source.partitions })
  const bytes = values.map((value) => Buffer.from(value as string))
  const answer = await log.append([
    {
      topic: source.topic,
      partition: 0,
      count: values.length,
      values: Buffer.concat(bytes),
      lengths: bytes.map((one) => one.length),
      types: [source.types[0]?.name ?? ''],
      ...more,
    },
  ])
  if (!answer.ok) throw new Error('refused')
}

async function chunks(source: Source): Promise<Chunk[]> {
  const found: Chunk[] = []
  for (let offset = 0n; ; ) {
    const chunk = await log.read(source.topic, 0, offset, { want: { keys: true, times: true, types: true } })
    if (!chunk) return found
    found.push(chunk)
    offset = chunk.next
  }
}

async function decode(source: Source, columns: readonly string[] = ['id', '_offset']) {
  const checked = (await chunks(source)).map((chunk) => checkChunk(source, chunk))
  const rows = await decoder.rows(source, checked)
  return {
    rows: rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]]))),
    bad: checked.flatMap((chunk) => chunk.bad.map((one) => ({ offset: chunk.chunk.first + BigInt(one.index), reason: one.reason }))),
  }
}

const good = (id: string) => `{"id":"${id}"}`

/** Each row of the table of silent damages (facts.md): what DuckDB's own cast would make of it is in the comment. */
const damages: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['an integer 1.7', '{"id":"x","n":1.7}', /n/], // 2
  ['true as a number', '{"id":"x","n":true}', /n/], // 1
  ['a number as a boolean', '{"id":"x","ok":1}', /ok/], // true
  ['a word as a boolean', '{"id":"x","ok":"yes"}', /ok/], // true
  ['text as a number', '{"id":"x","n":"abc"}', /n/], // NULL
  ['an integer that is too large', '{"id":"x","n":2147483648}', /n/], // NULL
  ['an integer beyond 64 bits', '{"id":"x","b":9223372036854775808}', /b/],
  ['a zoned time for a time without a zone', '{"id":"x","at":"2024-01-01T00:00:00+02:00"}', /at/], // the zone dropped
  ['a zoned time in UTC for a time without a zone', '{"id":"x","at":"2024-01-01T00:00:00Z"}', /at/],
  ['a time without a zone for one with', '{"id":"x","tz":"2024-01-01T00:00:00"}', /tz/],
  ['a date that is none', '{"id":"x","at":"2024-02-30T00:00:00"}', /at/],
  ['a decimal with too many places', '{"id":"x","small":1.005}', /small/], // 1.00
  ['a decimal string with too many places', '{"id":"x","small":"1.005"}', /small/], // 1.01
  ['a decimal with too many digits', '{"id":"x","small":12345678.00}', /small/],
  ['an object as text', '{"id":"x","note":{"a":1}}', /note/], // its text
  ['a number as text', '{"id":"x","note":7}', /note/],
  ['a required field missing', '{"n":1}', /id/], // NULL
  ['a required field null', '{"id":null}', /id/],
  ['two messages in one', '{"id":"x"},{"id":"y"}', /JSON/], // two events
  ['two messages on two lines', '{"id":"x"}\n{"id":"y"}', /JSON/],
  ['a list', '[{"id":"x"}]', /./],
  ['a bare null', 'null', /./],
  ['a raw newline in a string', '{"id":"x\ny"}', /JSON|control/],
  ['a raw separator in a string', '{"id":"x\u001ey"}', /JSON|control/],
  ['a separator between two values', '{"id":"x"}\u001e{"id":"y"}', /JSON/],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]), /UTF-8/],
  ['a cut UTF-8 sequence', Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"}')]), /UTF-8/],
  ['a raw NUL', '{"id":"x\u0000"}', /JSON|control/],
  ['depth 10,000', `{"id":"x","deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, /deep|depth|nest/],
  ['an empty message', '', /empty/],
  ['spaces only', '   ', /empty/],
  ['malformed JSON', '{"id":"x"', /JSON/],
  ['JSON5', "{id:'x'}", /JSON/],
  ['a byte order mark', '\ufeff{"id":"x"}', /object/],
]

describe('a damaged event is bad, those beside it are good and keep their offsets', () => {
  test.each(damages)('%s', async (_, value, reason) => {
    const source = fresh(facts)
    await foreign(source, [good('a'), value, good('c')])
    const { rows, bad } = await decode(source)
    expect(rows).toEqual([
      { id: 'a', _offset: 0n },
      { id: 'c', _offset: 2n },
    ])
    expect(bad).toEqual([{ offset: 1n, reason: expect.stringMatching(reason) }])
  })

  test('all of them in one batch', async () => {
    const source = fresh(facts)
    await foreign(
      source,
      damages.flatMap(([, value], i) => [value, good(`g${i}`)]),
    )
    const { rows, bad } = await decode(source)
    expect(rows.map((row) => row._offset).sort()).toEqual(damages.map((_, i) => BigInt(i * 2 + 1)).sort())
    expect(bad.map((one) => one.offset)).toEqual(damages.map((_, i) => BigInt(i * 2)))
  })
})

describe('odd but good', () => {
  const exact: readonly (readonly [string, string, string, unknown])[] = [
    ['a 17-digit decimal as a number', '{"id":"x","d":123456789012345.67}', 'd', '123456789012345.67'],
    ['a 17-digit decimal as a string', '{"id":"x","d":"123456789012345.67"}', 'd', '123456789012345.67'],
    ['a decimal in exponent form', '{"id":"x","d":1.5e3}', 'd', '1500.00'],
    ['an integer at 2^53 and beyond', '{"id":"x","b":9007199254740991}', 'b', '9007199254740991'],
    ['a zoned time where one is declared', '{"id":"x","tz":"2024-01-01T00:00:00+02:00"}', 'tz', '2023-12-31 22:00:00+00'],
    ['a key of an object’s prototype', '{"__proto__":{"id":"evil"},"id":"x"}', 'id', 'x'],
    ['a key that is not declared', '{"id":"x","more":[1,{"id":"y"}],"ID":"y"}', 'id', 'x'],
    ['an escaped separator', '{"id":"x\\u001ey"}', 'id', 'x\u001ey'],
    ['an escaped newline', '{"id":"x\\ny"}', 'id', 'x\ny'],
    ['white space around', ' \n{ "id" : "x" }\r\n ', 'id', 'x'],
    ['text beyond the first plane', '{"id":"\\ud83d\\ude00 ß"}', 'id', '😀 ß'],
    ['quotes that SQL would end at', '{"id":"\'; DROP TABLE x; --"}', 'id', "'; DROP TABLE x; --"],
    ['an optional field that is null', '{"id":"x","n":null}', 'n', null],
  ]
  test.each(exact)('%s', async (_, value, column, wanted) => {
    const source = fresh(facts)
    await foreign(source, [good('a'), value])
    const { rows, bad } = await decode(source, ['_offset', column])
    expect(bad).toEqual([])
    const got = rows.find((row) => row._offset === 1n)?.[column]
    expect(got === null ? null : String(got)).toBe(wanted)
  })

  test('a string of 10 MB', async () => {
    const source = fresh(facts)
    const long = 'ü'.repeat(5 << 20)
    await foreign(source, [good('a'), `{"id":"${long}"}`, good('c')])
    const { rows } = await decode(source)
    expect(rows.map((row) => [row._offset, String(row.id).length])).toEqual(
      expect.arrayContaining([
        [0n, 1],
        [1n, 5 << 20],
        [2n, 1],
      ]),
    )
  })

  test('duplicate keys are one event or none, by the check alone', async () => {
    const source = fresh(facts)
    await foreign(source, ['{"id":"x","id":"y"}', good('b')])
    const { rows, bad } = await decode(source)
    expect(rows.length + bad.length).toBe(2)
    expect(rows).toContainEqual({ id: 'b', _offset: 1n })
  })
})

describe('event types', () => {
  const shop = stream('shop', {
    events: {
      Made: z.object({ id: z.string(), size: sql.integer().optional() }),
      Paid: z.object({ id: z.string(), amount: sql.decimal(9, 2), size2: z.string().optional() }),
    },
  })

  test('a key named like another type’s field does not leak into the stream’s columns', async () => {
    const source = fresh(shop)
    await foreign(source, ['{"id":"a","size":1,"amount":"9.99","size2":"leak"}', '{"id":"b","amount":"1.00","size":7}'], {
      types: ['Made', 'Paid'],
      typeIndexes: [0, 1],
    })
    await foreign(source, ['{"id":"c","amount":"x","size":2}'], { types: ['Made'] })
    const { rows, bad } = await decode(source, ['id', 'size', 'size2', '_type', '_offset'])
    expect(bad).toEqual([])
    expect(rows).toEqual([
      { id: 'a', size: 1, size2: null, _type: 'Made', _offset: 0n },
      { id: 'b', size: null, size2: null, _type: 'Paid', _offset: 1n },
      { id: 'c', size: 2, size2: null, _type: 'Made', _offset: 2n },
    ])
    const checked = (await chunks(source)).map((chunk) => checkChunk(source, chunk))
    expect((await decoder.rows(source, checked, { type: 'Paid' })).map((row) => [row.id, String(row.amount)])).toEqual([['b', '1.00']])
    expect((await decoder.rows(source, checked)).map((row) => row.amount === null)).toEqual([true, false, true])
  })

  test('events of several partitions and types keep their places, times, types and keys', async () => {
    const source = { ...fresh(shop), partitions: 2 }
    await foreign(source, ['{"id":"a","size":1}', '{"id":"b","amount":"1.00"}', '{"id":"c"}'], {
      types: ['Made', 'Paid'],
      typeIndexes: [0, 1, 0],
      keys: ['x', null, 'y'],
    })
    await foreign(source, ['{"id":"d","amount":"2.00"}', '{"size":7}', '{"id":"e","amount":"3.00"}'], { types: ['Paid'], partition: 1 })
    const read = await Promise.all(
      [0, 1].map((partition) => log.read(source.topic, partition, 0n, { want: { keys: true, types: true, times: true } })),
    )
    const checked = read.flatMap((chunk) => (chunk ? [checkChunk(source, chunk)] : []))
    const told = (rows: readonly Row[]) => rows.map((row) => [row.id, row._type, row._partition, row._offset, row._key])
    const all = [
      ['a', 'Made', 0, 0n, 'x'],
      ['b', 'Paid', 0, 1n, null],
      ['c', 'Made', 0, 2n, 'y'],
      ['d', 'Paid', 1, 0n, null],
      ['e', 'Paid', 1, 2n, null],
    ]
    expect(told(await decoder.rows(source, checked))).toEqual(all)
    expect(told(await decoder.rows(source, checked, { type: 'Paid' }))).toEqual(all.filter(([, type]) => type === 'Paid'))
    expect(await decoder.rows(source, checked, { columns: [], place: [] })).toHaveLength(5)
  })

  test('an undeclared type is bad', async () => {
    const source = fresh(shop)
    await foreign(source, ['{"id":"a"}', '{"id":"b"}'], { types: ['Made', 'Else'], typeIndexes: [0, 1] })
    const { rows, bad } = await decode(source)
    expect(rows).toEqual([{ id: 'a', _offset: 0n }])
    expect(bad[0]?.reason).toContain('Else')
  })

  test('a null value is a tombstone of a table, and bad in a stream', async () => {
    const source = fresh(shop)
    await foreign(source, ['{"id":"a"}', ''], { types: ['Made'], nulls: [1] })
    expect((await decode(source)).bad).toEqual([{ offset: 1n, reason: expect.stringContaining('tombstones') }])
    const rows = fresh(table('dim', { key: 'id', row: z.object({ id: z.string() }) }))
    await foreign(rows, ['{"id":"a"}', '', 'null'], { types: ['dim'], nulls: [1], keys: ['a', 'a', 'a'] })
    const checked = (await chunks(rows)).map((chunk) => checkChunk(rows, chunk))
    expect((await decoder.rows(rows, checked, { tombstones: true })).map((row) => [row.id, row._null, row._offset])).toEqual([
      ['a', false, 0n],
      [null, true, 1n],
    ])
    expect((await decoder.rows(rows, checked)).map((row) => row.id)).toEqual(['a'])
    expect(checked.flatMap((chunk) => chunk.bad)).toHaveLength(1) // the text null is not the null value
  })
})

describe('marked and foreign', () => {
  const events = [
    {
      id: 'a',
      n: -5,
      b: 9_007_199_254_740_991,
      ok: true,
      at: '2024-01-01T00:00:00.5',
      tz: '2024-06-01T00:00:00+02:00',
      d: '123456789012345.67',
      small: '-0.01',
      note: 'é\u0000"\\\u001e',
    },
    { id: 'b' },
    { id: "o'brien", d: '7.00', note: '' },
  ]

  test('give the same rows', async () => {
    const marked = fresh(facts)
    await createAppender(log, [marked]).append(
      marked.name,
      events.map((data) => ({ data })),
    )
    const other = fresh(facts)
    await foreign(
      other,
      events.map((data) => JSON.stringify(data, undefined, 1)),
    )
    const columns = facts.columns.map((field) => field.name).concat('_offset', '_type')
    const one = await decode(marked, columns)
    expect((await chunks(marked)).every((chunk) => chunk.schema === marked.fingerprint)).toBe(true)
    expect(one.bad).toEqual([])
    expect(await decode(other, columns)).toEqual(one)
    expect(one.rows.map((row) => [row.id, row.note])).toEqual(expect.arrayContaining([['a', 'é\u0000"\\\u001e']]))
  })

  test('an older schema’s mark is no mark: the events are checked', async () => {
    const before = stream('facts', { event: z.object({ id: z.string(), n: z.number() }) })
    const source = { ...fresh(facts) }
    await createAppender(log, [{ ...before, topic: source.topic }]).append('facts', [
      { data: { id: 'a', n: 1.7 } },
      { data: { id: 'b', n: 2 } },
    ])
    const { rows, bad } = await decode(source, ['id', 'n', '_offset'])
    expect(bad.map((one) => one.offset)).toEqual([0n])
    expect(rows).toEqual([{ id: 'b', n: 2, _offset: 1n }])
  })
})

test('keys of any text come through', async () => {
  const source = fresh(facts)
  const keys = ['a', null, 'k"\\\u0000\u001e\n', '😀', "'", '']
  await foreign(
    source,
    keys.map((_, i) => good(String(i))),
    { keys },
  )
  const { rows } = await decode(source, ['id', '_key'])
  expect(rows).toEqual(keys.map((key, i) => ({ id: String(i), _key: key })))
})
