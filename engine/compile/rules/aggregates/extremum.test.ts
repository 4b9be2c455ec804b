import { proveGroups } from '../../../../test/support/group-cases.ts'
import { aggregate, orderTerm } from '../../../../test/support/ops.ts'

const text = { type: 'VARCHAR' }
const total = [orderTerm('x', true), orderTerm('t'), orderTerm('b', true, true)]

proveGroups('least and greatest', [
  aggregate('e1', 'min', [['x', 'BIGINT']], { type: 'BIGINT' }),
  aggregate('e2', 'max', [['d', 'DECIMAL(18,2)']], { type: 'DECIMAL(18,2)', filter: 'y' }),
  aggregate('e3', 'max', [['f', 'DOUBLE']], { type: 'DOUBLE' }),
  aggregate('e4', 'min', [['t', 'INTEGER']], { type: 'INTEGER', distinct: true }),
])

proveGroups('bits that meet', [
  aggregate('e1', 'bit_and', [['t', 'INTEGER']], { type: 'INTEGER' }),
  aggregate('e2', 'bit_or', [['x', 'BIGINT']], { type: 'BIGINT', filter: 'y' }),
])

proveGroups('least and greatest of texts and nested values', [
  aggregate('e1', 'max', [['b', 'VARCHAR']], text),
  aggregate('e2', 'min', [['{i: x, j: b}', 'STRUCT(i BIGINT, j VARCHAR)']], { type: 'STRUCT(i BIGINT, j VARCHAR)' }),
  aggregate('e3', 'max', [['[x, t]', 'BIGINT[]']], { type: 'BIGINT[]' }),
])

// Equal orders have equal values here.
proveGroups('the value at the least and the greatest', [
  aggregate(
    'e1',
    'arg_min',
    [
      ['nullif(x, 2) * 2', 'BIGINT'],
      ['x', 'BIGINT'],
    ],
    { type: 'BIGINT' },
  ),
  aggregate(
    'e2',
    'max_by',
    [
      ['CAST(x AS VARCHAR)', 'VARCHAR'],
      ['x', 'BIGINT'],
    ],
    { ...text, filter: 'y' },
  ),
  aggregate(
    'e3',
    'arg_max_null',
    [
      ['nullif(x, 40)', 'BIGINT'],
      ['x', 'BIGINT'],
    ],
    { type: 'BIGINT' },
  ),
  aggregate(
    'e4',
    'arg_max',
    [
      ['f', 'DOUBLE'],
      ['f', 'DOUBLE'],
    ],
    { type: 'DOUBLE' },
  ),
])

// As `ties-aggregates.ts` writes them.
const byBoth = (value: string, order: string) => `CASE WHEN ${order} IS NOT NULL THEN {_order: ${order}, _value: ${value}} END`
const lastly = (value: string, order: string) => `{_known: ${order} IS NULL, _order: ${order}, _value: ${value}}`
proveGroups('the value at the least and the greatest, ties decided by the value', [
  aggregate(
    'e1',
    'arg_min',
    [
      ['b', 'VARCHAR'],
      [byBoth('b', 'y'), 'STRUCT(_order BOOLEAN, _value VARCHAR)'],
    ],
    text,
  ),
  aggregate(
    'e2',
    'max_by',
    [
      ['b', 'VARCHAR'],
      [byBoth('b', 'x'), 'STRUCT(_order BIGINT, _value VARCHAR)'],
    ],
    { ...text, filter: 'y' },
  ),
  aggregate(
    'e3',
    'arg_max_null',
    [
      ['b', 'VARCHAR'],
      [byBoth('b', 'x'), 'STRUCT(_order BIGINT, _value VARCHAR)'],
    ],
    text,
  ),
  aggregate(
    'e4',
    'arg_min_null',
    [
      ['x', 'BIGINT'],
      [lastly('x', 'b'), 'STRUCT(_known BOOLEAN, _order VARCHAR, _value BIGINT)'],
    ],
    {
      type: 'BIGINT',
    },
  ),
  aggregate(
    'e5',
    'arg_max',
    [
      ['f', 'DOUBLE'],
      [byBoth('f', 'y'), 'STRUCT(_order BOOLEAN, _value DOUBLE)'],
    ],
    { type: 'DOUBLE' },
  ),
])

proveGroups('the values at the greatest', [
  aggregate(
    'n1',
    'arg_max',
    [
      ['b', 'VARCHAR'],
      [byBoth('b', 'y'), 'STRUCT(_order BOOLEAN, _value VARCHAR)'],
      ['2', 'INTEGER'],
    ],
    {
      type: 'VARCHAR[]',
    },
  ),
])

proveGroups('first and last of a total order', [
  aggregate('o1', 'first', [['b', 'VARCHAR']], { ...text, order: total }),
  aggregate('o2', 'last', [['b', 'VARCHAR']], { ...text, order: total, filter: 'y' }),
  aggregate('o3', 'any_value', [['b', 'VARCHAR']], { ...text, order: total }),
  aggregate('o4', 'arbitrary', [['x', 'BIGINT']], { type: 'BIGINT', order: [orderTerm('x', false, true)] }),
  aggregate('o5', 'mode', [['b', 'VARCHAR']], { ...text, order: [orderTerm('b')] }),
])
