import { proveGroups, roundedFloats } from '../../../../test/support/group-cases.ts'
import { aggregate } from '../../../../test/support/ops.ts'

const float = { type: 'DOUBLE' }

proveGroups('averages', [
  aggregate('m1', 'avg', [['x', 'BIGINT']], float),
  aggregate('m2', 'avg', [['d', 'DECIMAL(18,2)']], { ...float, filter: 't > 1' }),
  aggregate('m3', 'mean', [['CAST(t AS SMALLINT)', 'SMALLINT']], float),
  aggregate('s1', 'sum', [['x', 'BIGINT']], { type: 'HUGEINT' }),
])

proveGroups(
  'variances',
  [
    ...['var_pop', 'var_samp', 'variance', 'stddev_pop', 'stddev_samp', 'stddev', 'sem'].map((name) =>
      aggregate(name, name, [['x', 'BIGINT']], float),
    ),
    aggregate('v1', 'var_samp', [['d', 'DECIMAL(18,2)']], { ...float, filter: 'y' }),
    aggregate('v2', 'stddev_pop', [['x * 1000000007', 'BIGINT']], float),
  ],
  roundedFloats,
)
