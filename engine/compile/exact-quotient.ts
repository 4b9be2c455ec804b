/**
 * `avg` as DuckDB computes it, from a sum and a count. DuckDB divides in 80-bit floats and rounds to 64 bits after: two
 * roundings, which differ from one in about one of 4,096 large groups. The macro rounds the exact quotient to 64 bits
 * of mantissa, half to even, and then casts. Small counts cannot meet the difference (the quotient of s and n < 2^11
 * is never that close to the middle of two doubles), so they take the plain division.
 */
export function exactQuotientDdl(): string[] {
  const shift = '(63 - CAST(floor(log2(CAST(abs(s) AS DOUBLE) / CAST(n AS DOUBLE))) AS INTEGER))'
  const power = (k: string) => `CAST(pow(2.0, ${k}) AS HUGEINT)`
  // k is one too large or too small where log2 rounds across a power of two: choose the one that gives 64 bits.
  const bits = `CASE WHEN (abs(s) * ${power(shift)}) // n >= 18446744073709551616::HUGEINT THEN ${shift} - 1 WHEN (abs(s) * ${power(shift)}) // n < 9223372036854775808::HUGEINT THEN ${shift} + 1 ELSE ${shift} END`
  return [
    'CREATE SCHEMA IF NOT EXISTS _evert',
    `CREATE OR REPLACE MACRO _evert.quotient_bits(s, n) AS (${bits})`,
    `CREATE OR REPLACE MACRO _evert.round_half_even(q, r, n) AS (q + CASE WHEN 2 * r > n OR (2 * r = n AND q % 2 = 1) THEN 1 ELSE 0 END)`,
    `CREATE OR REPLACE MACRO _evert.scaled_quotient(s, n, k) AS (CAST(_evert.round_half_even((abs(s) * ${power('k')}) // n, (abs(s) * ${power('k')}) % n, n) AS DOUBLE) * pow(2.0, -k) * sign(s))`,
    'CREATE OR REPLACE MACRO _evert.exact_quotient(s, n) AS (CASE WHEN s = 0 THEN 0.0::DOUBLE WHEN n < 2048 AND abs(s) <= 9007199254740992 THEN CAST(s AS DOUBLE) / CAST(n AS DOUBLE) ELSE _evert.scaled_quotient(s, n, _evert.quotient_bits(s, n)) END)',
  ]
}
