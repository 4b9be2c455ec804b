import { aggregate, having } from './aggregates.ts'
import { condition, scalar, where } from './expressions.ts'
import { any, as, columns, type Form, is, looseName, many, type Scope } from './relation.ts'

/** GROUP BY in one of the ways to write it. */
export function grouped(x: Scope, from = x.from.name): string {
  const keys = many(x.c, 2, () => scalar(x))
  const aggregates = many(x.c, 3, () => aggregate(x))
  const first = x.count.n
  const outputs = [...keys, ...aggregates].map((expression) => as(x, expression))
  const by = x.c.pick([keys.join(', '), keys.map((_, i) => `c${first + i}`).join(', '), keys.map((_, i) => i + 1).join(', '), 'ALL'])
  return `SELECT ${outputs.join(', ')} FROM ${from}${where(x)} GROUP BY ${by}${having(x)}`
}

export const groupForms: readonly Form[] = [
  { name: 'groups', make: (x) => grouped(x) },
  { name: 'groups', make: (x) => grouped(x) },
  { name: 'groups', make: (x) => grouped(x) },
  {
    name: 'groups with variances',
    make: (x) => {
      const numbers = columns(x.from, is.small)
      if (numbers.length === 0) return undefined
      const number = x.c.pick(numbers)
      const call = x.c.pick([`var_samp(${number})`, `stddev(${number})`, `var_pop(${number})`, `stddev_pop(${number})`])
      return `SELECT ${as(x, scalar(x))}, ${call} AS ${looseName}, count(*) AS n FROM ${x.from.name}${where(x)} GROUP BY ALL${having(x)}`
    },
  },
  {
    name: 'groups that show no key',
    make: (x) =>
      `SELECT ${as(x, aggregate(x))}, ${as(x, aggregate(x))} FROM ${x.from.name}${where(x)} GROUP BY ${any(x, x.from)}${having(x)}`,
  },
  {
    name: 'groups over a subquery',
    make: (x) => {
      const inner = { ...x, from: { ...x.from, kind: 'query' as const } }
      return grouped(inner, `(SELECT ${columns(x.from).join(', ')} FROM ${x.from.name}${where(x)}) AS inner_rows`)
    },
  },
  {
    name: 'aggregates without GROUP BY',
    make: (x) => `SELECT ${many(x.c, 4, () => as(x, aggregate(x))).join(', ')} FROM ${x.from.name}${where(x)}`,
  },
  {
    name: 'HAVING without GROUP BY',
    make: (x) =>
      `SELECT ${x.c.pick(['1 AS one', 'count(*) AS n', as(x, aggregate(x))])} FROM ${x.from.name}${where(x)} HAVING ${x.c.pick(['count(*) > 2', 'count(*) < 9', `count(${any(x, x.from)}) BETWEEN 1 AND 8`])}`,
  },
  {
    name: 'GROUPING SETS, ROLLUP, CUBE',
    make: (x) => {
      const [a, b] = [scalar(x), scalar(x)]
      if (a === b) return undefined
      const by = x.c.pick([
        `GROUPING SETS ((${a}, ${b}), (${a}), ())`,
        `GROUPING SETS ((${a}), (${b}))`,
        `ROLLUP (${a}, ${b})`,
        `CUBE (${a}, ${b})`,
        `${a}, ROLLUP (${b})`,
      ])
      return `SELECT ${as(x, a)}, ${as(x, b)}, grouping(${a}, ${b}) AS level, ${as(x, aggregate(x))} FROM ${x.from.name}${where(x)} GROUP BY ${by}${having(x)}`
    },
  },
  {
    name: 'groups of groups',
    make: (x) => {
      const inner = `SELECT ${any(x, x.from)} AS g, count(*) AS n, ${aggregate(x)} AS v FROM ${x.from.name}${where(x)} GROUP BY ALL`
      return `SELECT n, count(*) AS groups, ${x.c.pick(['min(g)', 'max(v)', 'count(DISTINCT v)', 'sum(n)'])} AS w FROM (${inner}) AS per_group GROUP BY n${x.c.chance(2) ? ' HAVING count(*) = 1' : ''}`
    },
  },
  {
    name: 'groups of many keys and aggregates',
    make: (x) => {
      const keys = many(x.c, 3, () => any(x, x.from))
      const outputs = [...keys, ...Array.from({ length: 5 }, () => aggregate(x))].map((expression) => as(x, expression))
      return `SELECT ${outputs.join(', ')} FROM ${x.from.name}${where(x)} GROUP BY ${keys.join(', ')}`
    },
  },
  {
    name: 'counts that are DISTINCT',
    make: (x) => {
      const [a, b] = [any(x, x.from), any(x, x.from)]
      const filter = x.c.chance(2) ? ` FILTER (WHERE ${condition(x)})` : ''
      return `SELECT ${as(x, scalar(x))}, count(DISTINCT ${a})${filter} AS n, count(DISTINCT (${a}, ${b})) AS both_of, count(*) - count(DISTINCT ${b}) AS again FROM ${x.from.name}${where(x)} GROUP BY ALL`
    },
  },
  {
    name: 'a share of the whole',
    make: (x) => {
      const by = any(x, x.from)
      return `SELECT ${as(x, by)}, count(*) AS n, (SELECT count(*) FROM ${x.from.name} WHERE ${condition(x)}) AS whole FROM ${x.from.name} GROUP BY ${by}`
    },
  },
]
