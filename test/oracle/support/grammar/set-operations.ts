import { scalar, where } from './expressions.ts'
import { any, as, columns, type Form, is, type Known, other, type Scope } from './relation.ts'

const operations = ['UNION', 'UNION ALL', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT', 'INTERSECT ALL'] as const

/** Two columns of the same types, from two relations. */
function paired(x: Scope, right: Known): [string, string] {
  for (const type of [is.text, is.small, is.flag]) {
    const [a, b] = [columns(x.from, type), columns(right, type)]
    if (a.length > 0 && b.length > 0 && !x.c.chance(3)) return [x.c.pick(a), x.c.pick(b)]
  }
  return [`CAST(${any(x, x.from)} AS VARCHAR)`, `CAST(${any(x, right)} AS VARCHAR)`]
}

function side(x: Scope, of: Known, value: string, name = ''): string {
  return `SELECT ${value}${name} FROM ${of.name}${where({ ...x, from: of })}`
}

export const setForms: readonly Form[] = [
  {
    name: 'set operations over one relation',
    make: (x) => {
      const value = scalar(x)
      return `${side(x, x.from, value, ' AS v')} ${x.c.pick(operations)} ${side(x, x.from, value)}`
    },
  },
  {
    name: 'set operations over two relations',
    make: (x) => {
      const right = other(x, Number.POSITIVE_INFINITY)
      const [a, b] = paired(x, right)
      return `${side(x, x.from, a, ' AS v')} ${x.c.pick(operations)} ${side(x, right, b)}`
    },
  },
  {
    name: 'set operations of set operations',
    make: (x) => {
      const right = other(x, Number.POSITIVE_INFINITY)
      const third = other(x, Number.POSITIVE_INFINITY)
      const [a, b] = paired(x, right)
      const text = (value: string) => `CAST(${value} AS VARCHAR)`
      const parts = [side(x, x.from, text(a), ' AS v'), side(x, right, text(b)), side(x, third, text(any(x, third)))]
      return x.c.chance(2)
        ? `(${parts[0]} ${x.c.pick(operations)} ${parts[1]}) ${x.c.pick(operations)} ${parts[2]}`
        : `${parts[0]} ${x.c.pick(operations)} (${parts[1]} ${x.c.pick(operations)} ${parts[2]})`
    },
  },
  {
    name: 'UNION ALL with a side for each',
    make: (x) =>
      `SELECT 1 AS side, CAST(${scalar(x)} AS VARCHAR) AS v FROM ${x.from.name}${where(x)} UNION ALL SELECT 2, CAST(${scalar(x)} AS VARCHAR) FROM ${x.from.name}${where(x)}`,
  },
  {
    name: 'UNION BY NAME',
    make: (x) => {
      const right = other(x, Number.POSITIVE_INFINITY)
      const [a, b] = paired(x, right)
      return `SELECT ${a} AS v, 1 AS l FROM ${x.from.name}${where(x)} UNION ${x.c.pick(['', 'ALL '])}BY NAME SELECT 2 AS m, ${b} AS v FROM ${right.name}`
    },
  },
  {
    name: 'groups over a set operation',
    make: (x) => {
      const right = other(x, Number.POSITIVE_INFINITY)
      const [a, b] = paired(x, right)
      const both = `${side(x, x.from, a, ' AS v')} ${x.c.pick(operations)} ${side(x, right, b)}`
      return `SELECT ${as(x, 'v')}, count(*) AS n FROM (${both}) AS both_sides GROUP BY v${x.c.chance(3) ? ' HAVING count(*) < 4' : ''}`
    },
  },
  {
    name: 'DISTINCT counted',
    make: (x) =>
      `SELECT count(*) AS n FROM (SELECT DISTINCT ${as(x, scalar(x))}, ${as(x, scalar(x))} FROM ${x.from.name}${where(x)}) AS few`,
  },
]
