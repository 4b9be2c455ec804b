import { condition, scalar, where } from './expressions.ts'
import { any, as, column, type Form, is, type Known, key, many, other, type Scope, tail } from './relation.ts'

function sorted(x: Scope): string {
  const by = column(x, x.from, is.sortable) ?? any(x, x.from)
  return `${by} ${x.c.pick(['ASC', 'DESC', 'DESC NULLS LAST', 'ASC NULLS FIRST'])}`
}

function positions(count: number): string {
  return tail(...Array.from({ length: count }, (_, i) => String(i + 1)))
}

const limits = ['LIMIT 1', 'LIMIT 3', 'LIMIT 10', 'LIMIT 3 OFFSET 2', 'LIMIT 4 OFFSET 1', 'LIMIT 40%', 'LIMIT 0', 'OFFSET 2'] as const

/** Top k, DISTINCT ON, CTEs, recursion. */
export const queryForms: readonly Form[] = [
  {
    name: 'top k, ties and all',
    make: (x) => {
      const outputs = many(x.c, 3, () => as(x, scalar(x)))
      return `SELECT ${outputs.join(', ')} FROM ${x.from.name}${where(x)} ORDER BY ${sorted(x)}${positions(outputs.length)} ${x.c.pick(limits)}`
    },
  },
  {
    name: 'an order, and no limit',
    make: (x) =>
      `SELECT ${as(x, scalar(x))}, ${as(x, any(x, x.from))} FROM ${x.from.name}${where(x)} ORDER BY ${x.c.pick(['c0', '2 DESC', 'c1 DESC NULLS FIRST, c0'])}`,
  },
  {
    name: 'top k of DISTINCT',
    make: (x) =>
      `SELECT DISTINCT ${as(x, any(x, x.from))} FROM ${x.from.name}${where(x)} ORDER BY 1 ${x.c.pick(['', 'DESC'])}${positions(1)} ${x.c.pick(limits)}`,
  },
  {
    name: 'the best k and all that tie with the last',
    make: (x) => `SELECT ${as(x, scalar(x))} FROM ${x.from.name} AS r${where(x)} QUALIFY rank() OVER (ORDER BY ${sorted(x)}) <= 2`,
  },
  {
    name: 'top k of groups',
    make: (x) =>
      `SELECT ${as(x, any(x, x.from))}, count(*) AS n FROM ${x.from.name}${where(x)} GROUP BY ALL ORDER BY n DESC${positions(2)} ${x.c.pick(limits)}`,
  },
  {
    name: 'top k, ORDER BY ALL',
    make: (x) => `SELECT ${as(x, scalar(x))}, ${as(x, scalar(x))} FROM ${x.from.name} ORDER BY ALL ${x.c.pick(limits)}`,
  },
  {
    name: 'top k below the top',
    make: (x) => {
      const best = `SELECT ${as(x, key(x, x.from))}, ${as(x, any(x, x.from))} FROM ${x.from.name}${where(x)} ORDER BY ${sorted(x)}${positions(2)} LIMIT 5`
      return `SELECT c0, count(*) AS n FROM (${best}) AS best GROUP BY c0`
    },
  },
  {
    name: 'top k of a set operation',
    make: (x) => {
      const right = other(x, Number.POSITIVE_INFINITY)
      const both = `SELECT ${key(x, x.from)} AS v FROM ${x.from.name} ${x.c.pick(['EXCEPT', 'INTERSECT', 'UNION', 'UNION ALL'])} SELECT ${key(x, right)} FROM ${right.name}`
      const order = `ORDER BY v ${x.c.pick(['', 'DESC'])}${positions(1)} ${x.c.pick(limits)}`
      return x.c.chance(2) ? `SELECT v FROM (${both}) AS both_sides ${order}` : `${both} ${order}`
    },
  },
  {
    name: 'DISTINCT ON',
    make: (x) => {
      const by = any(x, x.from)
      const outputs = [as(x, by), as(x, scalar(x))]
      return `SELECT DISTINCT ON (${by}) ${outputs.join(', ')} FROM ${x.from.name}${where(x)} ORDER BY ${by}, ${sorted(x)}${positions(2)}`
    },
  },
  {
    name: 'a CTE used once',
    make: (x) =>
      `WITH few AS (SELECT ${x.c.pick(['', 'DISTINCT '])}${as(x, scalar(x))}, ${as(x, scalar(x))} FROM ${x.from.name}${where(x)}) SELECT * FROM few WHERE c0 IS NOT NULL`,
  },
  {
    name: 'a CTE used twice',
    make: (x) => {
      const cte = `WITH few AS ${x.c.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED '])}(SELECT ${key(x, x.from)} AS v, count(*) AS n FROM ${x.from.name}${where(x)} GROUP BY v)`
      return x.c.pick([
        `${cte} SELECT p.v AS v, q.n AS n FROM few AS p JOIN few AS q ON p.n = q.n`,
        `${cte} SELECT v FROM few UNION ALL SELECT CAST(n AS VARCHAR) FROM few`,
        `${cte} SELECT v, n FROM few WHERE n = (SELECT max(n) FROM few)`,
        `${cte} SELECT v FROM few WHERE v NOT IN (SELECT v FROM few WHERE n > 1 AND v IS NOT NULL)`,
      ])
    },
  },
  {
    name: 'a CTE over a CTE',
    make: (x) =>
      `WITH one AS (SELECT ${key(x, x.from)} AS v, ${as(x, scalar(x))} FROM ${x.from.name}${where(x)}), two AS (SELECT v, count(*) AS n FROM one GROUP BY v) SELECT one.v AS v, c0, n FROM one ${x.c.pick(['JOIN', 'LEFT JOIN'])} two ON one.v = two.v`,
  },
  {
    name: 'recursion over rows',
    make: (x) => {
      const right = other(x)
      return `WITH RECURSIVE reach(v, depth) AS (SELECT ${key(x, x.from)}, 0 FROM ${x.from.name} UNION SELECT ${key(x, right, 's.')}, depth + 1 FROM reach JOIN ${right.name} AS s ON ${key(x, right, 's.')} = reach.v WHERE depth < 3) SELECT v, count(*) AS n FROM reach GROUP BY v`
    },
  },
  {
    name: 'recursion over a count',
    make: (x) =>
      `WITH RECURSIVE up(n) AS (SELECT count(*) FROM ${x.from.name} WHERE ${condition(x)} UNION ALL SELECT n - 1 FROM up WHERE n > 0) SELECT n FROM up WHERE n < 5`,
  },
  {
    name: 'days without events',
    make: (x) => {
      const number = column(x, x.from, is.small)
      if (number === undefined) return undefined
      return `SELECT d.n AS n, count(o.${number}) AS hits FROM range(-1, 6) AS d(n) LEFT JOIN ${x.from.name} AS o ON o.${number} = d.n GROUP BY d.n`
    },
  },
  {
    name: 'no relation at all',
    make: (x) =>
      x.c.pick([
        "SELECT 1 AS x, 'text' AS t",
        "SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS few(n, k)",
        'SELECT unnest([1, 2, NULL]) AS n',
      ]),
  },
]

/** A query inside another, as a subquery of FROM or as a CTE: how it is named, and what then comes before the SELECT. */
export function nest(x: Scope, inner: string, columns: Known['columns']): { known: Known; wrap: (outer: string) => string } {
  const known = { alias: 'deep', columns, kind: 'query' as const, rows: x.from.rows }
  if (x.c.chance(2)) return { known: { ...known, name: `(${inner})` }, wrap: (outer) => outer }
  return {
    known: { ...known, name: 'deep' },
    wrap: (outer) =>
      outer.startsWith('WITH RECURSIVE ')
        ? `WITH RECURSIVE deep AS (${inner}), ${outer.slice('WITH RECURSIVE '.length)}`
        : outer.startsWith('WITH ')
          ? `WITH deep AS (${inner}), ${outer.slice('WITH '.length)}`
          : `WITH deep AS (${inner}) ${outer}`,
  }
}
