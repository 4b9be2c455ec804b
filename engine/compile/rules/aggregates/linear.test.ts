import { proveGroups } from '../../../../test/support/group-cases.ts'
import { aggregate } from '../../../../test/support/ops.ts'

const count = { type: 'BIGINT' }
const wide = { type: 'HUGEINT' }
const decimal = { type: 'DECIMAL(38,2)' }

proveGroups('counts and sums', [
  aggregate('c1', 'count_star', [], count),
  aggregate('c2', 'count', [['x', 'BIGINT']], count),
  aggregate('c3', 'count', [['t', 'INTEGER']], { ...count, filter: 'x > 1 OR y' }),
  aggregate('c4', 'count_if', [['y', 'BOOLEAN']], wide),
  aggregate('s1', 'sum', [['x', 'BIGINT']], wide),
  aggregate('s2', 'sum', [['x + t', 'BIGINT']], { ...wide, filter: 'y' }),
  aggregate('s3', 'sum', [['d', 'DECIMAL(18,2)']], decimal),
  aggregate('s4', 'sum', [['y', 'BOOLEAN']], wide),
  aggregate('s5', 'sum', [['CAST(x + 1000 AS UBIGINT)', 'UBIGINT']], wide),
  aggregate('s6', 'sum', [['t', 'INTEGER']], wide),
])

proveGroups('truth and parity', [
  aggregate('b1', 'bool_and', [['y OR x = 1', 'BOOLEAN']], { type: 'BOOLEAN' }),
  aggregate('b2', 'bool_or', [['y', 'BOOLEAN']], { type: 'BOOLEAN', filter: 't > 1' }),
  aggregate('b3', 'bool_or', [['y', 'BOOLEAN']], { type: 'BOOLEAN', distinct: true }),
  aggregate('p1', 'bit_xor', [['x', 'BIGINT']], { type: 'BIGINT' }),
  aggregate('p2', 'bit_xor', [['t', 'INTEGER']], { type: 'INTEGER', filter: 'y' }),
])
