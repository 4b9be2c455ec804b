import { aggregate } from './aggregates.ts'
import { condition, scalar } from './expressions.ts'
import { any, as, column, type Form, is, type Known, key, other, type Scope } from './relation.ts'

const signs = ['>=', '>=', '>', '<=', '<'] as const

/** Two columns to compare: numbers, or stamps. */
function times(x: Scope, right: Known): [string, string] | undefined {
  for (const type of x.c.chance(2) ? [is.stamp, is.number] : [is.number, is.stamp]) {
    const [one, other] = [column(x, x.from, type, 'p.'), column(x, right, type, 'q.')]
    if (one !== undefined && other !== undefined) return [one, other]
  }
  return undefined
}

/** The join, and what it means: of the right rows that fulfil the condition those of the last time, and of these the greatest. */
function asof(right: Known, condition: string, written: string, byTime: string, kind: string): string {
  // Place columns come after the others, where a text names them; where none does, they are not shown.
  const places = right.kind === 'stream' ? ['_type', '_key', '_time', '_partition', '_offset'] : []
  const rest = [...right.columns.map((one) => `"${one.name}"`), ...places].map((name) => `q.${name} DESC NULLS FIRST`)
  const best = `SELECT * FROM ${right.name} AS q WHERE ${condition} ORDER BY ${[byTime, ...rest].join(', ')} LIMIT 1`
  return `«ASOF ${kind} ${right.name} AS q ${written}|${kind} LATERAL (${best}) AS q ON true»`
}

function joined(x: Scope, right: Known): string | undefined {
  const pair = times(x, right)
  if (!pair) return undefined
  const [mine, theirs] = pair
  const sign = x.c.pick(signs)
  const inequality = x.c.chance(3)
    ? `${theirs} ${sign.replace(/[<>]/, (one) => (one === '<' ? '>' : '<'))} ${mine}`
    : `${mine} ${sign} ${theirs}`
  const equal = `${key(x, x.from, 'p.')} = ${key(x, right, 'q.')}`
  const on = x.c.chance(5) ? inequality : x.c.chance(2) ? `${equal} AND ${inequality}` : `${inequality} AND ${equal}`
  const order = `${theirs} ${sign.startsWith('>') ? 'DESC' : 'ASC'}`
  return `${x.from.name} AS p ${asof(right, on, `ON ${on}`, order, x.c.pick(['JOIN', 'LEFT JOIN']))}`
}

/** The last row of the other side that there was, or the next one. */
export const asofForms: readonly Form[] = [
  {
    name: 'ASOF joins',
    make: (x) => {
      const right = other(x)
      const rows = joined(x, right)
      if (rows === undefined) return undefined
      const where = x.c.pick(['', '', ` WHERE ${condition(x, 'p.', 1)}`, ` WHERE ${condition(x, 'q.', 1, right)}`])
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, scalar(x, 'q.', right))}, ${as(x, scalar(x, 'q.', right))} FROM ${rows}${where}`
    },
  },
  {
    name: 'groups over an ASOF join',
    make: (x) => {
      const right = other(x)
      const rows = joined(x, right)
      if (rows === undefined) return undefined
      const counted = aggregate({ ...x, from: right }, { prefix: 'q.' })
      return `SELECT ${as(x, scalar(x, 'p.'))}, ${as(x, counted)}, count(*) AS n FROM ${rows} GROUP BY ALL`
    },
  },
  {
    name: 'ASOF JOIN USING',
    make: (x) => {
      const right = other(x)
      const pair = times(x, right)
      if (!pair) return undefined
      const [mine, theirs] = pair.map((name) => name.slice('p.'.length))
      const kind = x.c.pick(['JOIN', 'LEFT JOIN'])
      const left = `(SELECT ${key(x, x.from)} AS k, ${mine} AS t, ${as(x, scalar(x))} FROM ${x.from.name}) AS p`
      const rows = `(SELECT ${key(x, right)} AS k, ${theirs} AS t, ${any(x, right)} AS v FROM ${right.name}) AS q`
      const best = `SELECT v FROM ${rows} WHERE p.k = q.k AND p.t >= q.t ORDER BY q.t DESC, q.v DESC NULLS FIRST LIMIT 1`
      return `SELECT k, t, c0, v FROM ${left} «ASOF ${kind} ${rows} USING (k, t)|${kind} LATERAL (${best}) AS q ON true»`
    },
  },
]
