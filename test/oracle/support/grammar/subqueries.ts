import { condition, scalar, where } from './expressions.ts'
import { any, as, column, type Form, is, type Known, key, other, type Scope, tail } from './relation.ts'

/** How a row of the subquery, named `s`, belongs to the row around it, named `o`. */
function correlation(x: Scope, inner: Known): string {
  const equal = `${key(x, inner, 's.')} = ${key(x, x.from, 'o.')}`
  const [m, n] = [column(x, inner, is.number, 's.'), column(x, x.from, is.number, 'o.')]
  const options = [equal, equal, `${equal} AND ${condition(x, 's.', 1, inner)}`]
  if (m !== undefined && n !== undefined)
    options.push(`${equal} AND ${m} ${x.c.pick(['>', '<=', '<>'])} ${n}`, `${m} = ${n}`, `${equal} AND ${m} = ${n}`)
  return x.c.pick(options)
}

/** A value that one correlated row has: an aggregate, or the first of an order. */
function looked(x: Scope, inner: Known): string {
  const value = column(x, inner, is.sortable, 's.') ?? key(x, inner, 's.')
  const rows = `FROM ${inner.name} AS s WHERE ${correlation(x, inner)}`
  return x.c.pick([
    `(SELECT count(*) ${rows})`,
    `(SELECT max(${value}) ${rows})`,
    `(SELECT count(DISTINCT ${value}) ${rows})`,
    `(SELECT ${value} ${rows} ORDER BY ${value} ${x.c.pick(['', 'DESC'])} LIMIT 1)`,
    `(SELECT string_agg(CAST(${value} AS VARCHAR), ',' ORDER BY ${value}) ${rows})`,
    `(SELECT coalesce(min(${value}), NULL) ${rows})`,
  ])
}

export const subqueryForms: readonly Form[] = [
  {
    name: 'EXISTS and NOT EXISTS',
    make: (x) => {
      const inner = other(x)
      const test = `${x.c.pick(['EXISTS', 'NOT EXISTS'])} (SELECT 1 FROM ${inner.name} AS s WHERE ${correlation(x, inner)}${x.c.pick(['', '', ' LIMIT 1'])})`
      const more = x.c.chance(3) ? ` ${x.c.pick(['AND', 'OR'])} ${condition(x, 'o.', 1)}` : ''
      return `SELECT ${as(x, scalar(x, 'o.'))}, ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE ${test}${more}`
    },
  },
  {
    name: 'EXISTS among the outputs',
    make: (x) => {
      const inner = other(x)
      return `SELECT ${as(x, scalar(x, 'o.'))}, EXISTS (SELECT 1 FROM ${inner.name} AS s WHERE ${correlation(x, inner)}) AS seen FROM ${x.from.name} AS o`
    },
  },
  {
    name: 'EXISTS of anything',
    make: (x) => {
      const inner = other(x)
      return `SELECT ${as(x, scalar(x))} FROM ${x.from.name} WHERE ${x.c.pick(['EXISTS', 'NOT EXISTS'])} (SELECT 1 FROM ${inner.name} AS s WHERE ${condition(x, 's.', 1, inner)})`
    },
  },
  {
    name: 'IN and NOT IN',
    make: (x) => {
      const inner = other(x)
      const [m, n] = [column(x, inner, is.small, 's.'), column(x, x.from, is.small, 'o.')]
      const texts = [key(x, x.from, 'o.'), key(x, inner, 's.')] as const
      const [left, right] = m !== undefined && n !== undefined && x.c.chance(2) ? [n, m] : texts
      const filter = x.c.pick(['', '', ` WHERE ${condition(x, 's.', 1, inner)}`, ` WHERE ${right} IS NOT NULL`])
      const test = x.c.pick([`${left} IN`, `${left} NOT IN`, `${left} NOT IN`, `NOT (${left} IN`])
      const close = test.startsWith('NOT (') ? ')' : ''
      return `SELECT ${as(x, scalar(x, 'o.'))}, ${as(x, left)} FROM ${x.from.name} AS o WHERE ${test} (SELECT ${right} FROM ${inner.name} AS s${filter})${close}`
    },
  },
  {
    name: 'IN of two columns, and IN as a value',
    make: (x) => {
      const inner = other(x)
      const [m, n] = [column(x, inner, is.small, 's.'), column(x, x.from, is.small, 'o.')]
      if (m === undefined || n === undefined) return undefined
      return x.c.chance(2)
        ? `SELECT ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE (${key(x, x.from, 'o.')}, ${n}) ${x.c.pick(['IN', 'NOT IN'])} (SELECT ${key(x, inner, 's.')}, ${m} FROM ${inner.name} AS s)`
        : `SELECT ${as(x, scalar(x, 'o.'))}, ${n} IN (SELECT ${m} FROM ${inner.name} AS s) AS known FROM ${x.from.name} AS o`
    },
  },
  {
    name: 'ANY and ALL',
    make: (x) => {
      const inner = other(x)
      const [m, n] = [column(x, inner, is.small, 's.'), column(x, x.from, is.small, 'o.')]
      if (m === undefined || n === undefined) return undefined
      return `SELECT ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE ${n} ${x.c.pick(['> ANY', '<= ALL', '= ANY', '<> ALL'])} (SELECT ${m} FROM ${inner.name} AS s)`
    },
  },
  {
    name: 'a correlated value among the outputs',
    make: (x) => `SELECT ${as(x, scalar(x, 'o.'))}, ${looked(x, other(x))} AS looked FROM ${x.from.name} AS o${where(x, 'o.')}`,
  },
  {
    name: 'a correlated value in WHERE',
    make: (x) => {
      const inner = other(x)
      return `SELECT ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE (SELECT count(*) FROM ${inner.name} AS s WHERE ${correlation(x, inner)}) ${x.c.pick(['> 1', '= 0', '< 3'])}`
    },
  },
  {
    name: 'one value of everything',
    make: (x) => {
      const inner = other(x)
      const [m, n] = [column(x, inner, is.number), column(x, x.from, is.number, 'o.')]
      if (m === undefined || n === undefined) return undefined
      const value = `(SELECT ${x.c.pick(['max', 'min', 'avg'])}(${m}) FROM ${inner.name})`
      return x.c.chance(2)
        ? `SELECT ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE ${n} ${x.c.pick(['=', '<', '>='])} ${value}`
        : `SELECT ${as(x, scalar(x, 'o.'))}, ${value} AS whole FROM ${x.from.name} AS o`
    },
  },
  {
    name: 'LATERAL aggregates',
    make: (x) => {
      const inner = other(x)
      const lateral = `LATERAL (SELECT count(*) AS n, max(${any(x, inner, 's.')}) AS top FROM ${inner.name} AS s WHERE ${correlation(x, inner)}) AS x`
      return `SELECT ${as(x, scalar(x, 'o.'))}, x.n AS n, x.top AS top FROM ${x.from.name} AS o${x.c.pick([`, ${lateral}`, ` LEFT JOIN ${lateral} ON true`])}`
    },
  },
  {
    name: 'LATERAL rows',
    make: (x) => {
      const inner = other(x)
      const lateral = `LATERAL (SELECT ${any(x, inner, 's.')} AS v FROM ${inner.name} AS s WHERE ${correlation(x, inner)}) AS x`
      return `SELECT ${as(x, scalar(x, 'o.'))}, x.v AS v FROM ${x.from.name} AS o ${x.c.pick(['JOIN', 'LEFT JOIN'])} ${lateral} ON true`
    },
  },
  {
    name: 'EXISTS or EXISTS, and EXISTS in EXISTS',
    make: (x) => {
      const [inner, second] = [other(x), other(x)]
      const [one, two] = [x.c.pick(['EXISTS', 'NOT EXISTS']), x.c.pick(['EXISTS', 'NOT EXISTS'])]
      const first = `${one} (SELECT 1 FROM ${inner.name} AS s WHERE ${correlation(x, inner)}`
      return x.c.chance(2)
        ? `SELECT ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE ${first}) ${x.c.pick(['OR', 'AND'])} ${two} (SELECT 1 FROM ${second.name} AS s WHERE ${correlation(x, second)})`
        : `SELECT ${as(x, scalar(x, 'o.'))} FROM ${x.from.name} AS o WHERE ${first} AND ${two} (SELECT 1 FROM ${second.name} AS z WHERE ${key(x, second, 'z.')} = ${key(x, inner, 's.')}))`
    },
  },
  {
    name: 'a subquery in HAVING',
    make: (x) => {
      const inner = other(x)
      const by = any(x, x.from)
      return `SELECT ${as(x, by)}, count(*) AS n FROM ${x.from.name}${where(x)} GROUP BY ${by} HAVING count(*) ${x.c.pick(['>', '<=', '='])} (SELECT ${x.c.pick(['count(*)', 'count(*) / 2', `count(DISTINCT ${any(x, inner)})`])} FROM ${inner.name})`
    },
  },
  {
    name: 'a subquery over the groups around it',
    make: (x) => {
      const inner = other(x)
      const by = key(x, x.from, 'o.')
      return `SELECT ${by} AS g, count(*) AS n, (SELECT count(*) FROM ${inner.name} AS s WHERE ${key(x, inner, 's.')} = ${by}) AS theirs FROM ${x.from.name} AS o GROUP BY ${by}`
    },
  },
  {
    name: 'the latest of another relation',
    make: (x) => {
      const inner = other(x)
      const order = column(x, inner, is.sortable, 's.')
      const value = column(x, inner, is.sortable, 's.')
      if (order === undefined || value === undefined) return undefined
      const lateral = `LATERAL (SELECT ${value} AS v, ${order} AS o FROM ${inner.name} AS s WHERE ${correlation(x, inner)} ORDER BY ${order} DESC${tail('1', '2')} LIMIT 1) AS x`
      return `SELECT ${as(x, scalar(x, 'o.'))}, x.v AS v FROM ${x.from.name} AS o ${x.c.pick(['JOIN', 'LEFT JOIN'])} ${lateral} ON true`
    },
  },
]
