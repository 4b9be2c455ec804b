import { expect, test } from 'vitest'
import { formatBytes, formatCell, formatCount, formatMany, formatPosition, formatRate, formatSeconds } from './format.ts'

test.each([
  [formatCount(3_000_000), '3,000,000'],
  [formatCount('9223372036854775807'), '9,223,372,036,854,775,807'],
  [formatCount(0.4), '0'],
  [formatRate(12), '12/s'],
  [formatRate(1_234), '1.23k/s'],
  [formatRate(999_499), '999k/s'],
  [formatRate(999_600), '1.00M/s'],
  [formatRate(3_456_789), '3.46M/s'],
  [formatSeconds(0.04), '0.0 s'],
  [formatSeconds(9.96), '10 s'],
  [formatSeconds(59.6), '1 min 0 s'],
  [formatSeconds(3_725), '1 h 2 min'],
  [formatBytes(0), '0 B'],
  [formatBytes(1_536), '1.5 KiB'],
  [formatBytes(3 * 2 ** 30), '3.0 GiB'],
  [formatPosition({}), 'the beginning'],
  [formatPosition({ flights: ['1200', '1180'], shop: ['7'] }), 'flights 0:1200 1:1180, shop 0:7'],
  [formatMany(1, 'row'), '1 row'],
  [formatMany(1_000, 'row'), '1,000 rows'],
])('%s is %s', (found, wanted) => {
  expect(found).toBe(wanted)
})

test('a cell shows control characters and never sends them', () => {
  expect(formatCell('red \u001b[31m\nnext\ttab')).toBe('red \\u001b[31m\\nnext\\ttab')
  expect(formatCell('turned \u202e round')).toBe('turned \\u202e round')
  expect(formatCell(null)).toBe('')
  expect(formatCell({ a: [1, 'ü'] })).toBe('{"a":[1,"ü"]}')
})
