import { chosen } from './aggregates.ts'
import { condition, scalar, where } from './expressions.ts'
import { any, as, column, type Form, is, key, many, other, type Scope, star, tail } from './relation.ts'
import { numbered, tying } from './ties.ts'

const frames = [
  'ROWS BETWEEN 1 PRECEDING AND CURRENT ROW',
  'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
  'ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING',
  'ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
] as const

function partition(x: Scope, prefix = ''): string {
  return x.c.chance(3) ? '' : `PARTITION BY ${x.c.pick([any(x, x.from, prefix), key(x, x.from, prefix)])} `
}

function order(x: Scope, prefix = ''): string {
  const own = column(x, x.from, is.sortable, prefix) ?? any(x, x.from, prefix)
  const by = x.from.kind === 'stream' ? x.c.pick([own, own, `${prefix}_offset`, `${prefix}_time`]) : own
  return `${by}${x.c.pick(['', '', ' DESC', ' DESC NULLS FIRST'])}`
}

/** A window call over relation `r`; ties are broken by whole rows where the answer depends on them. */
function windowed(x: Scope, prefix = '', rows: readonly string[] = ['r']): string {
  const own = any(x, x.from, prefix)
  const number = column(x, x.from, is.number, prefix)
  const [numbered, ranked, framed] = [
    ['row_number()', 'ntile(2)', `lag(${own})`, `lead(${own}, 2)`, `lag(${own} IGNORE NULLS)`],
    [
      'rank()',
      'dense_rank()',
      'percent_rank()',
      'cume_dist()',
      'count(*)',
      `max(${own})`,
      ...(number === undefined ? [] : [`sum(${number})`, `avg(${number})`]),
    ],
    ['count(*)', `min(${own})`, `max(${own})`, ...(number === undefined ? [] : [`sum(${number})`, `sum(${number})`, `avg(${number})`])],
  ] as const
  const [parts, sorted] = [partition(x, prefix), order(x, prefix)]
  const by = `${parts}ORDER BY ${sorted}`
  // Among all that tie one is picked, by the order that they are given; the frame stays.
  const given = `«| ORDER BY ${sorted}»${tail(...rows)}`
  return x.c.pick([
    () => {
      const call = x.c.pick([`first_value(${own}`, `last_value(${own}`, `nth_value(${own}, 2`])
      const frame = x.c.pick(['', '', ' RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING', ' GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW'])
      return `${call}${given}${x.c.chance(3) ? ' IGNORE NULLS' : ''}) OVER (${by}${frame})`
    },
    () => `${x.c.pick(numbered)} OVER (${by}${tail(...rows)})`,
    () => `${x.c.pick(ranked)} OVER (${by})`, // peers get one answer, in whatever order they stand
    () => `${x.c.pick(framed)} OVER (${by}${tail(...rows)} ${x.c.pick(frames)})`,
    () => `${x.c.pick(['count(*)', `min(${own})`, ...(number === undefined ? [] : [`sum(${number})`])])} OVER (${partition(x, prefix)})`,
    () => {
      if (number === undefined) return `count(${own}) OVER ()`
      return `sum(${number}) OVER (${partition(x, prefix)}ORDER BY CAST(${number} AS BIGINT) RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)`
    },
    () => `count(*) OVER (${by} GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
    () => `${x.c.pick(['rank()', 'dense_rank()', 'cume_dist()'])} OVER (${partition(x, prefix)})`, // all are peers
    () => chosen(x.c.pick(['arg_max', 'min_by']), own, column(x, x.from, is.sortable, prefix) ?? own, ` OVER (${by})`),
  ])()
}

/** Are there two in which the order of ties counts, and do they order rows differently? */
function orderDifferently(windows: readonly string[]): boolean {
  const orders = windows.flatMap((window) => {
    const [begin, end] = [window.indexOf(' OVER ('), window.indexOf(tail('r'))]
    return end < begin ? [] : [window.slice(begin, end)]
  })
  return new Set(orders).size > 1
}

const best = ['= 1', '<= 2', '<= 3', '< 2'] as const

/** The first pairs of each group by the places of one side's events in the log, or of both. */
function firstPairs(x: Scope): string {
  const right = x.c.pick(x.relations.filter((one) => one.kind === 'stream'))
  const shown = `${as(x, scalar(x, 'p.'))}, ${as(x, any(x, right, 'q.'))}, ${as(x, any(x, x.from, 'p.'))}`
  const from = `${x.from.name} AS p JOIN ${right.name} AS q ON ${key(x, x.from, 'p.')} = ${key(x, right, 'q.')}`
  const by = x.c.pick(['', `${order(x, 'p.')}, `])
  const qualify = `row_number() OVER (PARTITION BY ${key(x, x.from, 'p.')} ORDER BY ${by}p._partition, p._offset DESC${tail('p', 'q')}) ${x.c.pick(best)}`
  return tying({ of: { p: x.from, q: right }, shown, from, qualify })
}

export const windowForms: readonly Form[] = [
  {
    name: 'windows',
    make: (x) => {
      const shown = `${as(x, scalar(x, 'r.'))}, ${as(x, windowed(x, 'r.'))}`
      return tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r${where(x, 'r.')}` })
    },
  },
  {
    name: 'several windows',
    make: (x) => {
      const [first, windows] = [as(x, scalar(x, 'r.')), [windowed(x, 'r.'), windowed(x, 'r.')]]
      const shown = [first, ...windows.map((window) => as(x, window))].join(', ')
      const isTotal = orderDifferently(windows)
      return tying({ of: { r: x.from }, shown, from: isTotal ? numbered(x.from, 'r') : `${x.from.name} AS r`, isTotal })
    },
  },
  {
    name: 'QUALIFY, the best of each group',
    make: (x) =>
      `SELECT ${star(x.from)} FROM ${x.from.name} AS r${where(x)} QUALIFY row_number() OVER (${partition(x)}ORDER BY ${order(x)}${tail('r')}) ${x.c.pick(best)}`,
  },
  {
    name: 'the latest event of each key',
    make: (x) => {
      if (x.from.kind !== 'stream') return undefined
      const by = key(x, x.from)
      const shown = `${by} AS g, ${as(x, scalar(x))}, ${as(x, any(x, x.from))}`
      const qualify = `row_number() OVER (PARTITION BY ${by} ORDER BY _offset DESC${tail('r')}) = 1`
      return tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r`, qualify })
    },
  },
  {
    name: 'rows that come more than once',
    make: (x) =>
      `SELECT ${as(x, scalar(x))}, ${as(x, scalar(x))} FROM ${x.from.name}${where(x)} QUALIFY count(*) OVER (PARTITION BY ${any(x, x.from)}) ${x.c.pick(['> 1', '= 1', '< 3'])}`,
  },
  {
    name: 'the best of each group of a join',
    make: (x) => {
      if (x.from.kind === 'stream' && x.c.chance(2)) return firstPairs(x)
      const right = other(x, 100)
      const shown = `${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', right))}`
      const from = `${x.from.name} AS p JOIN ${right.name} AS q ON ${key(x, x.from, 'p.')} = ${key(x, right, 'q.')}`
      const qualify = `row_number() OVER (PARTITION BY ${key(x, x.from, 'p.')} ORDER BY ${order(x, 'p.')}${tail('p', 'q')}) ${x.c.pick(best)}`
      return tying({ of: { p: x.from, q: right }, shown, from, qualify })
    },
  },
  {
    name: 'QUALIFY by an output',
    make: (x) =>
      `SELECT ${as(x, scalar(x, 'r.'))}, ${x.c.pick(['rank()', 'dense_rank()'])} OVER (${partition(x, 'r.')}ORDER BY ${order(x, 'r.')}) AS place FROM ${x.from.name} AS r QUALIFY place ${x.c.pick([...best, '> 1'])}`,
  },
  {
    name: 'the best of each group by a subquery',
    make: (x) => {
      const shown = `${as(x, scalar(x, 'r.'))}, ${as(x, scalar(x, 'r.'))}, row_number() OVER (${partition(x, 'r.')}ORDER BY ${order(x, 'r.')}${tail('r')}) AS rn`
      const ranked = tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r${where(x, 'r.')}` })
      return `SELECT c0, c1 FROM (${ranked}) AS ranked WHERE rn ${x.c.pick(best)}`
    },
  },
  {
    name: 'a window over groups',
    make: (x) => {
      const by = any(x, x.from)
      const call = x.c.pick([
        `row_number() OVER (ORDER BY count(*) DESC${tail(by)})`,
        'rank() OVER (ORDER BY count(*))',
        'sum(count(*)) OVER ()',
      ])
      const qualify = x.c.chance(3) ? ' QUALIFY w <= 3' : ''
      return `SELECT ${by} AS g, count(*) AS n, ${call} AS w FROM ${x.from.name}${where(x)} GROUP BY ${by}${qualify}`
    },
  },
  {
    name: 'a window over a join',
    make: (x) => {
      const right = other(x, 100)
      const call = windowed(x, 'p.', ['p', 'q'])
      const shown = `${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', right))}, ${call} AS w`
      const from = `${x.from.name} AS p ${x.c.pick(['JOIN', 'LEFT JOIN'])} ${right.name} AS q ON ${key(x, x.from, 'p.')} = ${key(x, right, 'q.')}`
      return tying({ of: { p: x.from, q: right }, shown, from })
    },
  },
  {
    name: 'groups over windows',
    make: (x) => {
      const shown = `${x.c.pick(['row_number()', 'ntile(3)'])} OVER (${partition(x, 'r.')}ORDER BY ${order(x, 'r.')}${tail('r')}) AS w`
      const numbered = tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r${where(x, 'r.')}` })
      return `SELECT w, count(*) AS n FROM (${numbered}) AS numbered GROUP BY w`
    },
  },
  {
    name: 'a window by name',
    make: (x) =>
      `SELECT ${as(x, scalar(x, 'r.'))}, rank() OVER w AS place, count(*) OVER w AS peers FROM ${x.from.name} AS r WINDOW w AS (${partition(x, 'r.')}ORDER BY ${order(x, 'r.')})`,
  },
  {
    name: 'what differs from the row before',
    make: (x) => {
      const own = any(x, x.from, 'r.')
      const shown = `${own.replace('r.', '')}, lag(${own}) OVER (${partition(x, 'r.')}ORDER BY ${order(x, 'r.')}${tail('r')}) AS before`
      const marked = tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r` })
      return `SELECT ${as(x, own)}, before FROM (${marked}) AS r WHERE before IS DISTINCT FROM ${own}`
    },
  },
  {
    name: 'an aggregate window with FILTER',
    make: (x) =>
      `SELECT ${as(x, scalar(x, 'r.'))}, count(*) FILTER (WHERE ${condition(x, 'r.', 1)}) OVER (${partition(x, 'r.')}) AS n FROM ${x.from.name} AS r`,
  },
  {
    name: 'windows that run',
    make: (x) => {
      const number = column(x, x.from, is.small, 'r.')
      const by = `PARTITION BY ${any(x, x.from, 'r.')} ORDER BY ${x.from.kind === 'stream' ? x.c.pick(['r._offset', 'r._time, r._offset', 'r._offset // 3']) : order(x, 'r.')}`
      const total = `(${by}${tail('r')}`
      const calls = [
        `row_number() OVER ${total})`,
        `lag(${any(x, x.from, 'r.')}) OVER ${total})`,
        `lag(${any(x, x.from, 'r.')}, 2) OVER ${total})`,
        `min(${any(x, x.from, 'r.')}) OVER ${total} ROWS UNBOUNDED PRECEDING)`,
        `first_value(${any(x, x.from, 'r.')}) OVER ${total})`,
        `count(*) OVER (${by})`,
        `rank() OVER (${by})`,
        ...(number === undefined ? [] : [`sum(${number}) OVER (${by})`, `avg(${number}) OVER ${total} ROWS UNBOUNDED PRECEDING)`]),
      ]
      const shown = [scalar(x, 'r.'), ...many(x.c, 3, () => x.c.pick(calls))].map((one) => as(x, one)).join(', ')
      return tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r${where(x, 'r.')}` })
    },
  },
  {
    name: 'windows over windows',
    make: (x) => {
      const [by, own] = [key(x, x.from, 'r.'), any(x, x.from, 'r.')]
      const sortable = column(x, x.from, is.sortable, 'r.') ?? own
      const at = x.from.kind === 'stream' ? x.c.pick(['r._offset', 'r._offset // 3', sortable]) : sortable
      const down = x.c.pick(['', '', ' DESC', ' DESC NULLS FIRST'])
      const shown = `${by} AS g, ${at} AS moment, ${own} IS NOT DISTINCT FROM lag(${own}) OVER (PARTITION BY ${by} ORDER BY ${at}${down}${tail('r')}) AS same`
      const below = tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r` })
      const over = `OVER (PARTITION BY ${x.c.pick(['g', 'g', 'g', 'same'])} ORDER BY moment${down})`
      const calls = [`count(*) FILTER (WHERE NOT same) ${over}`, `sum(same::INTEGER) ${over}`, `rank() ${over}`, `bool_or(same) ${over}`]
      const filter = x.c.chance(4) ? ' WHERE same' : ''
      return `SELECT g, ${x.c.pick(['same', 'moment'])}, ${as(x, x.c.pick(calls))}, ${as(x, x.c.pick(calls))} FROM (${below}) AS below${filter}`
    },
  },
]
