import { expect, test } from 'vitest'
import { jsonRows } from './rows-json.ts'

test('one object a line, NULL and nested values as they are', () => {
  expect(
    jsonRows(['a', 'b'])([
      [1, null],
      ['x', { c: ['9007199254740993'] }],
    ]),
  ).toBe('{"a":1,"b":null}\n{"a":"x","b":{"c":["9007199254740993"]}}\n')
})

test('columns of one name are told apart, and none is lost', () => {
  expect(jsonRows(['a', 'a', 'a_1', 'a'])([[1, 2, 3, 4]])).toBe('{"a":1,"a_2":2,"a_1":3,"a_3":4}\n')
  expect(jsonRows(['__proto__'])([[1]])).toBe('{"__proto__":1}\n')
})
