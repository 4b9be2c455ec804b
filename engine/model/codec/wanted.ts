import { integerRanges, type Shape, sqlTypeOf } from '../schema/shape.ts'
import { sqlTypeText } from '../schema/sql-type.ts'

/** What a shape wants, in words, for the reason of a refusal. */
export function wantedOf(shape: Shape): string {
  const sql = sqlTypeText(sqlTypeOf(shape))
  switch (shape.kind) {
    case 'boolean':
      return 'BOOLEAN (true or false)'
    case 'integer': {
      const [low, high] = integerRanges[shape.name]
      const isWhole = shape.min === low && shape.max === high
      return isWhole ? `${sql} (a whole number in range)` : `${sql} (a whole number, ${shape.min} to ${shape.max})`
    }
    case 'float': {
      const bounds = shape.bounds.map((bound) => ` ${bound.side === 'min' ? '>' : '<'}${bound.inclusive ? '=' : ''} ${bound.value}`)
      return `${sql} (a finite number${bounds.length === 0 ? '' : `,${bounds.join(' and')}`})`
    }
    case 'decimal':
      return `${sql} (at most ${shape.width - shape.scale} digits before the point and ${shape.scale} after it)`
    case 'string':
      return stringWanted(shape)
    case 'text':
      return (
        textWanted[shape.name] + (shape.zone === 'utc' ? '; only Z as its zone: declare z.iso.datetime({ offset: true }) for others' : '')
      )
    case 'json':
      return 'JSON (finite numbers, whole Unicode strings, no key twice)'
    case 'list':
      return `${sql} (a list)`
    case 'map':
      return `${sql} (an object, no key twice)`
    case 'struct':
      return 'an object'
  }
}

function stringWanted(shape: Extract<Shape, { kind: 'string' }>): string {
  if (shape.values !== undefined) return `one of ${shape.values.map((value) => JSON.stringify(value)).join(', ')}`.slice(0, 200)
  const parts = ['a string of whole Unicode']
  if (shape.lengthMin > 0) parts.push(`at least ${shape.lengthMin} long`)
  if (shape.lengthMax !== Infinity) parts.push(`at most ${shape.lengthMax} long`)
  for (const pattern of shape.patterns) parts.push(`that matches ${String(pattern).slice(0, 80)}`)
  return `VARCHAR (${parts.join(', ')})`
}

const textWanted = {
  DATE: 'DATE (as 2026-01-31, years 0001 to 9999)',
  TIME: 'TIME (as 12:34:56.123456, at most 6 digits after the point)',
  TIMESTAMP: 'TIMESTAMP (as 2026-01-31T12:34:56.123456; without a time zone: declare TIMESTAMPTZ for zoned times)',
  'TIMESTAMP WITH TIME ZONE': 'TIMESTAMPTZ (as 2026-01-31T12:34:56.123456Z or with an offset as +02:00; a zone is required)',
  UUID: 'UUID (as 01234567-89ab-cdef-0123-456789abcdef)',
  BLOB: 'BLOB (text with \\xHH for each byte that is not plain ASCII)',
} as const
