import { condition, scalar, where } from './expressions.ts'
import { any, as, column, columns, type Form, is, key, many, type Scope, star } from './relation.ts'

const places = ['_offset', '_type', '_time', '_key', '_partition'] as const

function outputs(x: Scope, most: number, prefix = ''): string {
  return many(x.c, most, () => as(x, scalar(x, prefix))).join(', ')
}

/** One row in, its rows out: projection, filter, the star, UNNEST, PIVOT's opposite. */
export const rowForms: readonly Form[] = [
  { name: 'projection', make: (x) => `SELECT ${outputs(x, 4)} FROM ${x.from.name}${where(x)}` },
  {
    name: 'star, perhaps with a place column',
    make: (x) => {
      const place = x.from.kind === 'stream' && x.c.chance(2) ? `, ${x.c.pick(places)} AS place` : ''
      return `SELECT ${star(x.from)}${place} FROM ${x.from.name}${where(x)}`
    },
  },
  {
    name: 'star with EXCLUDE or REPLACE',
    make: (x) => {
      const [first, ...rest] = x.from.columns.map((one) => `"${one.name}"`)
      if (first === undefined || rest.length === 0) return undefined
      return x.c.chance(2)
        ? `SELECT «* EXCLUDE (${first})|${rest.join(', ')}» FROM ${x.from.name}${where(x)}`
        : `SELECT «* REPLACE (${first} IS NULL AS ${first})|${first} IS NULL AS ${first}, ${rest.join(', ')}» FROM ${x.from.name}${where(x)}`
    },
  },
  { name: 'DISTINCT', make: (x) => `SELECT DISTINCT ${outputs(x, 2)} FROM ${x.from.name}${where(x)}` },
  {
    name: 'an output that names another',
    make: (x) => {
      const number = column(x, x.from, is.number)
      if (number === undefined) return undefined
      return `SELECT CAST(${number} AS HUGEINT) AS base, base * 2 AS twice, ${outputs(x, 2)} FROM ${x.from.name} WHERE base ${x.c.pick(['> 0', 'IS NOT NULL', '< 3'])}`
    },
  },
  {
    name: 'UNNEST among the outputs',
    make: (x) => {
      const list = column(x, x.from, is.texts)
      const [one, two] = [key(x, x.from), key(x, x.from)]
      return `SELECT ${outputs(x, 2)}, unnest(${list ?? `[${one}, ${two}, NULL]`}) AS e FROM ${x.from.name}${where(x)}`
    },
  },
  {
    name: 'UNNEST in FROM',
    make: (x) => {
      const list = column(x, x.from, is.texts, 'o.') ?? `[${key(x, x.from, 'o.')}, 'z']`
      const join = x.c.pick([
        `, unnest(${list}) AS u(e)`,
        ` LEFT JOIN LATERAL (SELECT unnest(${list}) AS e) AS u ON true`,
        ` CROSS JOIN unnest(${list}) AS u(e)`,
      ])
      const tail = x.c.chance(2) ? ` WHERE u.e IS DISTINCT FROM '${x.c.pick(['p', 'a'])}'` : ''
      return `SELECT ${outputs(x, 2, 'o.')}, u.e AS e FROM ${x.from.name} AS o${join}${tail}`
    },
  },
  {
    name: 'UNNEST of a range',
    make: (x) => {
      const number = column(x, x.from, is.number)
      if (number === undefined) return undefined
      return `SELECT ${outputs(x, 2)}, unnest(range(least(greatest(CAST(${number} AS HUGEINT), 0), 4)::BIGINT)) AS step FROM ${x.from.name}${where(x)}`
    },
  },
  {
    name: 'groups over an UNNEST',
    make: (x) => {
      const list = column(x, x.from, is.texts) ?? `[${key(x, x.from)}, ${key(x, x.from)}]`
      return `SELECT e, count(*) AS n, min(c0) AS low FROM (SELECT unnest(${list}) AS e, ${as(x, any(x, x.from))} FROM ${x.from.name}${where(x)}) AS flat GROUP BY e${x.c.chance(3) ? ' HAVING count(*) < 4' : ''}`
    },
  },
  {
    name: 'UNPIVOT',
    make: (x) => {
      const texts = columns(x.from, is.text)
      if (texts.length < 2) return undefined
      return `SELECT side, v FROM (SELECT ${texts.join(', ')} FROM ${x.from.name}${where(x)}) AS wide UNPIVOT${x.c.pick(['', ' INCLUDE NULLS'])} (v FOR side IN (${texts.join(', ')}))`
    },
  },
  {
    name: 'PIVOT',
    make: (x) => {
      const text = column(x, x.from, is.text)
      if (text === undefined) return undefined
      return `SELECT * FROM (SELECT ${as(x, scalar(x))}, ${text} AS side, 1 AS one FROM ${x.from.name} WHERE ${condition(x)}) AS long PIVOT (count(one) FOR side IN ('a', 'b', 'x') GROUP BY c0)`
    },
  },
  {
    name: 'VALUES beside a relation',
    make: (x) =>
      `SELECT ${outputs(x, 2, 'o.')}, few.n AS few FROM ${x.from.name} AS o ${x.c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} (VALUES ('a', 1), ('b', 2), (NULL, 3), ('a', 4)) AS few(k, n) ON few.k = ${key(x, x.from, 'o.')}`,
  },
]
