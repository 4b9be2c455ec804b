import { expect, test } from 'vitest'
import { openDuckdb } from '../../../../connectors/store/duckdb/open.ts'
import { exactQuotient } from './exact-quotient.ts'

test('the quotient is rounded to 64 bits and then to 53, as 80-bit floats do', async () => {
  const store = await openDuckdb(':memory:')
  try {
    const pairs = cases()
    const rows = pairs.map(([sum, count], i) => `(${i}, CAST('${sum}' AS HUGEINT), CAST('${count}' AS HUGEINT))`)
    const got = await store.transaction((tx) =>
      tx.all(`SELECT ${exactQuotient('s', 'n')} AS q FROM (VALUES ${rows.join(', ')}) AS v(i, s, n) ORDER BY i`),
    )
    expect(got.map((row) => row.q)).toEqual(pairs.map(([sum, count]) => reference(sum, count)))
  } finally {
    await store.close()
  }
})

/** Random ones, and quotients next to the middle of two doubles, where the two roundings differ from one. */
function cases(): readonly (readonly [bigint, bigint])[] {
  let state = 88172645463325252n
  const random = (bits: bigint) => {
    state ^= (state << 13n) & 0xffffffffffffffffn
    state ^= state >> 7n
    state ^= (state << 17n) & 0xffffffffffffffffn
    return state & ((1n << bits) - 1n)
  }
  const all: (readonly [bigint, bigint])[] = [
    [0n, 5n],
    [1n, 3n],
    [-1n, 3n],
    [9223372036854775807n, 1n],
    [-9223372036854775808n, 1n],
  ]
  for (let i = 0; i < 300; i++) all.push([random(63n) - (1n << 62n), random(40n) + 1n])
  for (let i = 0; i < 300; i++) {
    const count = random(20n) + 4096n
    const middle = ((random(52n) | (1n << 52n)) << 1n) | 1n // 54 bits, the last of them half a step of a double
    all.push([((middle * count) >> 12n) + (random(2n) - 1n), count])
  }
  return all
}

function reference(sum: bigint, count: bigint): number {
  if (sum === 0n) return 0
  const value = sum < 0n ? -sum : sum
  let shift = 0n
  while ((value << shift) / count < 1n << 63n) shift++
  const scaled = roundHalfEven(value << shift, count)
  return Number(scaled) * 2 ** -Number(shift) * (sum < 0n ? -1 : 1) // Number() of a bigint rounds half to even
}

function roundHalfEven(dividend: bigint, divisor: bigint): bigint {
  const [whole, rest] = [dividend / divisor, dividend % divisor]
  return whole + (2n * rest > divisor || (2n * rest === divisor && whole % 2n === 1n) ? 1n : 0n)
}
