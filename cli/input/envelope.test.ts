import { expect, test } from 'vitest'
import { membersOf, textOf } from './envelope.ts'

function membersIn(json: string): [string, string][] | undefined {
  const bytes = Buffer.from(json)
  return membersOf(bytes)?.map(([name, { start, end }]) => [name, textOf(bytes, start, end)])
}

test.each([
  [
    '{"type":"A","data":{"a":1}}',
    [
      ['type', '"A"'],
      ['data', '{"a":1}'],
    ],
  ],
  [
    ' { "type" : "A" , "data" : { "a" : [ 1 , { "b" : "}" } ] } } ',
    [
      ['type', '"A"'],
      ['data', '{ "a" : [ 1 , { "b" : "}" } ] }'],
    ],
  ],
  [
    '{"n":12345678901234567890,"t":true,"z":null}',
    [
      ['n', '12345678901234567890'],
      ['t', 'true'],
      ['z', 'null'],
    ],
  ],
  [
    '{"\\u0074ype":"a\\"}\\\\","x":"\\\\"}',
    [
      ['type', '"a\\"}\\\\"'],
      ['x', '"\\\\"'],
    ],
  ],
  [
    '{"ü":"日本","a":1.5e3 }',
    [
      ['ü', '"日本"'],
      ['a', '1.5e3'],
    ],
  ],
  [
    '{"__proto__":{},"a":1,"a":2}',
    [
      ['__proto__', '{}'],
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  ['{}', []],
  ['[1]', undefined],
  ['"text"', undefined],
])('finds the members of %s', (json, wanted) => {
  JSON.parse(json)
  expect(membersIn(json)).toEqual(wanted)
})
