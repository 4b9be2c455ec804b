import { describe, expect, test } from 'vitest'
import { expr } from '../../../test/support/ops.ts'
import type { Ast } from '../ast.ts'
import type { Col, Join, Map as MapOp, Output, Scan } from './op.ts'
import { referencesOf } from './refound.ts'

const col = (id: string, type = 'INTEGER', nullable = true): Col => ({ id, type, nullable })
const passing = (column: Col): Output => ({ col: column, expr: expr(column.id) })

/** Events of a stream, as far as they are read. */
function events(name: string, columns: readonly Col[], names: readonly string[]): Scan {
  const relation = { name, kind: 'stream', source: name, columns: [], appendOnly: true } as const
  return { kind: 'scan', read: { relation, placed: true }, columns, names }
}

const a = events(
  'in0',
  [col('id'), col('title', 'VARCHAR'), col('ap', 'INTEGER', false), col('ao', 'BIGINT', false)],
  ['id', 'title', '_partition', '_offset'],
)
const b = events(
  'in1',
  [col('item'), col('price'), col('note', 'VARCHAR'), col('bp', 'INTEGER', false), col('bo', 'BIGINT', false)],
  ['item', 'price', 'note', '_partition', '_offset'],
)
const join: Join = { kind: 'join', inputs: [a, b], on: [expr('id = item')], columns: [...a.columns, ...b.columns] }
const ids = (...some: string[]) => new Set(some)

describe('what tells the rows of a join', () => {
  test('the places of both events', () => {
    const both = [
      { input: 0, columns: ['ap', 'ao'] },
      { input: 1, columns: ['bp', 'bo'] },
    ]
    expect(referencesOf(join, ids('id', 'price', 'ap', 'ao', 'bp', 'bo'))).toEqual(both)
    const shown: MapOp = { kind: 'map', input: join, where: [], outputs: join.columns.map(passing), columns: join.columns }
    expect(referencesOf(shown, ids('ap', 'ao', 'bp', 'bo'))).toEqual(both)
  })

  test('an input of which all is known is not looked for', () => {
    const known = ids('id', 'title', 'ap', 'ao', 'bp', 'bo')
    expect(referencesOf(join, known)).toEqual([{ input: 1, columns: ['bp', 'bo'] }])
    expect(referencesOf(join, new Set(join.columns.map((column) => column.id)))).toBeUndefined()
  })

  test('nothing where an event is not told by what is known', () => {
    expect(referencesOf(join, ids('id', 'price', 'bp', 'bo'))).toBeUndefined()
    expect(referencesOf(join, ids('ap', 'ao', 'bo'))).toBeUndefined()
    const table: Scan = { ...b, read: { ...b.read, relation: { ...b.read.relation, kind: 'table' } } }
    expect(referencesOf({ ...join, inputs: [a, table] }, ids('ap', 'ao', 'bp', 'bo'))).toBeUndefined()
    const unnested: Ast = { class: 'FUNCTION', type: 'FUNCTION', function_name: 'unnest', children: [] }
    const item: Output = { col: col('word', 'VARCHAR'), expr: { ast: unnested, sql: 'unnest([note, note])', uses: ids('note') } }
    const many: MapOp = { kind: 'map', input: b, where: [], outputs: [...b.columns.map(passing), item], columns: [...b.columns, item.col] }
    expect(referencesOf({ ...join, inputs: [a, many] }, ids('ap', 'ao', 'bp', 'bo'))).toBeUndefined()
    expect(referencesOf(a, ids('ap', 'ao'))).toBeUndefined()
  })
})
