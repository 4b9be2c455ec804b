import { proveGroups, roundedFloats } from '../../../../test/support/group-cases.ts'
import { aggregate } from '../../../../test/support/ops.ts'

const count = { type: 'BIGINT', distinct: true }
const float = { type: 'DOUBLE', distinct: true }

proveGroups('one count of distinct values', [
  aggregate('c1', 'count', [['x', 'BIGINT']], count),
  aggregate('c2', 'count_star', [], { type: 'BIGINT' }),
])

proveGroups(
  'distinct values under several filters',
  [
    aggregate('c1', 'count', [['x', 'BIGINT']], count),
    aggregate('c2', 'count', [['x', 'BIGINT']], { ...count, filter: 'y' }),
    aggregate('s1', 'sum', [['x', 'BIGINT']], { type: 'HUGEINT', distinct: true, filter: 't > 2 OR y' }),
    aggregate('m1', 'avg', [['x', 'BIGINT']], { ...float, filter: 'y' }),
    aggregate('v1', 'var_pop', [['x', 'BIGINT']], float),
    aggregate('s2', 'sum', [['x', 'BIGINT']], { type: 'HUGEINT', filter: 'y' }),
    aggregate('c3', 'count', [['b', 'VARCHAR']], { ...count, filter: 'x > 1' }),
    aggregate('c4', 'count', [['b', 'VARCHAR']], { ...count, filter: 'y' }),
    aggregate('c5', 'count', [['f', 'DOUBLE']], count),
    aggregate('e1', 'max', [['t', 'INTEGER']], { type: 'INTEGER' }),
  ],
  roundedFloats,
)
