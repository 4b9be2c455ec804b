import { aggregate, having } from './aggregates.ts'
import { asofForms } from './asof.ts'
import { condition, scalar } from './expressions.ts'
import { any, as, column, columns, type Form, is, type Known, key, other, type Scope, star } from './relation.ts'

/** How the rows of two relations meet. */
function on(x: Scope, left: Known, right: Known, [a, b]: readonly [string, string] = ['p.', 'q.']): string {
  const equal = `${key(x, left, a)} = ${key(x, right, b)}`
  const numbers = [column(x, left, is.number, a), column(x, right, is.number, b)]
  const [m, n] = numbers
  const options = [
    equal,
    equal,
    equal,
    `${key(x, left, a)} IS NOT DISTINCT FROM ${key(x, right, b)}`,
    `${equal} AND ${condition(x, a, 1, left)}`,
  ]
  if (m !== undefined && n !== undefined)
    options.push(
      `${equal} OR ${m} = ${n}`,
      `${m} = ${n}`,
      `${equal} AND ${m} ${x.c.pick(['<', '<=', '>', '<>'])} ${n}`,
      `${equal} AND ${m} = ${n}`,
    )
  return x.c.pick(options)
}

function after(x: Scope, right: Known): string {
  return x.c.pick(['', '', '', ` WHERE ${condition(x, 'p.', 1)}`, ` WHERE ${condition(x, 'q.', 1, right)}`])
}

const outer = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'] as const

function joined(x: Scope, right: Known, kinds: readonly string[]): string {
  const outputs = [as(x, scalar(x, 'p.')), as(x, scalar(x, 'q.', right)), ...(x.c.chance(2) ? [as(x, scalar(x, 'q.', right))] : [])]
  return `SELECT ${outputs.join(', ')} FROM ${x.from.name} AS p ${x.c.pick(kinds)} ${right.name} AS q ON ${on(x, x.from, right)}${after(x, right)}`
}

/** Relations of the last resort for a third side: their keys are unique, so rows do not multiply. */
function tableOf(x: Scope): Known {
  return x.c.pick(x.relations.filter((one) => one.kind === 'table'))
}

export const joinForms: readonly Form[] = [
  ...asofForms,
  { name: 'inner and outer joins', make: (x) => joined(x, other(x), outer) },
  { name: 'inner and outer joins', make: (x) => joined(x, tableOf(x), outer) },
  { name: 'a join with itself', make: (x) => (x.from.rows > 80 ? undefined : joined(x, x.from, outer)) },
  {
    name: 'SEMI and ANTI joins',
    make: (x) => {
      const right = other(x)
      const filter = x.c.chance(3) ? ` WHERE ${condition(x, 'p.', 1)}` : ''
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'p.'))} FROM ${x.from.name} AS p ${x.c.pick(['SEMI JOIN', 'ANTI JOIN'])} ${right.name} AS q ON ${on(x, x.from, right)}${filter}`
    },
  },
  {
    name: 'cross and theta joins',
    make: (x) => {
      const right = tableOf(x)
      const [m, n] = [column(x, x.from, is.number, 'p.'), column(x, right, is.number, 'q.')]
      const how =
        m === undefined || n === undefined
          ? x.c.pick([`, ${right.name} AS q`, ` CROSS JOIN ${right.name} AS q`])
          : x.c.pick([
              ` JOIN ${right.name} AS q ON ${m} < ${n}`,
              ` LEFT JOIN ${right.name} AS q ON ${m} BETWEEN 0 AND ${n}`,
              `, ${right.name} AS q WHERE ${m} <> ${n}`,
              ` CROSS JOIN ${right.name} AS q`,
            ])
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', right))} FROM ${x.from.name} AS p${how}`
    },
  },
  {
    name: 'JOIN USING',
    make: (x) => {
      const right = other(x)
      const shared = [is.number, is.time, is.text, is.flag].flatMap((type) => {
        const mine = new Set(columns(right, type))
        return columns(x.from, type).filter((name) => mine.has(name))
      })
      if (shared.length === 0) return undefined
      const by = shared.slice(0, 1 + x.c.below(2)).join(', ')
      return `SELECT ${by}, ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', right))} FROM ${x.from.name} AS p ${x.c.pick(outer)} ${right.name} AS q USING (${by})`
    },
  },
  {
    name: 'NATURAL JOIN',
    make: (x) => {
      const right = tableOf(x)
      const left = `(SELECT ${key(x, x.from)} AS k, ${as(x, any(x, x.from))} FROM ${x.from.name}) AS p`
      return `SELECT k, c0, q.${x.c.pick(right.columns.map((one) => `"${one.name}"`).filter((name) => name !== '"k"'))} AS right_side FROM ${left} NATURAL ${x.c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} ${barely(right)} AS q`
    },
  },
  {
    name: 'three-way joins',
    make: (x) => {
      const [second, third] = [tableOf(x), other(x, 60)]
      const kinds = [x.c.pick(outer), x.c.pick(outer)]
      const by = x.c.chance(2) ? `${key(x, second, 'q.')} = ${key(x, third, 's.')}` : `${key(x, x.from, 'p.')} = ${key(x, third, 's.')}`
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', second))}, ${as(x, scalar(x, 's.', third))} FROM ${x.from.name} AS p ${kinds[0]} ${second.name} AS q ON ${on(x, x.from, second)} ${kinds[1]} ${third.name} AS s ON ${by}`
    },
  },
  {
    name: 'groups over a join',
    make: (x) => {
      const right = other(x)
      const side = x.c.chance(2) ? { from: x.from, prefix: 'p.' } : { from: right, prefix: 'q.' }
      const inner = { ...x, from: side.from }
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, aggregate(inner, side))}, count(*) AS n FROM ${x.from.name} AS p ${x.c.pick(outer)} ${right.name} AS q ON ${on(x, x.from, right)} GROUP BY ALL${having(inner, side)}`
    },
  },
  {
    name: 'aggregates over a join',
    make: (x) => {
      const right = other(x)
      const inner = { ...x, from: right }
      return `SELECT count(*) AS n, ${as(x, aggregate(inner, { prefix: 'q.' }))} FROM ${x.from.name} AS p ${x.c.pick(outer)} ${right.name} AS q ON ${on(x, x.from, right)}`
    },
  },
  {
    name: 'a join of groups',
    make: (x) => {
      const right = other(x)
      const counted = `(SELECT ${key(x, right)} AS g, count(*) AS n FROM ${right.name} GROUP BY g) AS q`
      return `SELECT ${as(x, scalar(x, 'p.'))}, q.n AS n FROM ${x.from.name} AS p ${x.c.pick(outer)} ${counted} ON ${key(x, x.from, 'p.')} = q.g`
    },
  },
  {
    name: 'what has no partner',
    make: (x) => {
      const right = other(x)
      const by = key(x, right, 'q.')
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, key(x, x.from, 'p.'))} FROM ${x.from.name} AS p LEFT JOIN ${right.name} AS q ON ${key(x, x.from, 'p.')} = ${by} WHERE ${by} IS NULL`
    },
  },
  {
    name: 'pairs of rows of one relation',
    make: (x) => {
      if (x.from.rows > 80) return undefined
      const by = x.from.kind === 'stream' ? '_offset' : any(x, x.from)
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.'))} FROM ${x.from.name} AS p ${x.c.pick(['JOIN', 'LEFT JOIN'])} ${x.from.name} AS q ON ${key(x, x.from, 'p.')} = ${key(x, x.from, 'q.')} AND p.${by} < q.${by}`
    },
  },
  {
    name: 'the star of one side',
    make: (x) => {
      const right = tableOf(x)
      return `SELECT ${star(x.from, 'p.')}, ${as(x, scalar(x, 'q.', right))} FROM ${x.from.name} AS p ${x.c.pick(outer)} ${right.name} AS q ON ${on(x, x.from, right)}`
    },
  },
  {
    name: 'DISTINCT over a join',
    make: (x) => {
      const right = other(x)
      return `SELECT DISTINCT ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', right))} FROM ${x.from.name} AS p ${x.c.pick(outer)} ${right.name} AS q ON ${on(x, x.from, right)}`
    },
  },
]

/** The recomputation's tables have a column more, by which NATURAL would join. */
function barely(of: Known): string {
  return `«${of.name}|(SELECT ${of.columns.map((one) => `"${one.name}"`).join(', ')} FROM ${of.name})»`
}
