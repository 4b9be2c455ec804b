import { chosen } from './aggregates.ts'
import { where } from './expressions.ts'
import { any, as, column, columns, type Form, is, key, many, other, type Scope, sure, sureColumns, tail } from './relation.ts'
import { tying } from './ties.ts'

/** Compared as they are: text may have a collation. */
const compared = /^(TINYINT|SMALLINT|INTEGER|BIGINT|DECIMAL\(.*\)|BOOLEAN|DATE|TIMESTAMP( WITH TIME ZONE)?)$/

/** The relation at hand, or a source, if of the former no column is known to be never NULL. */
function sureRelation(x: Scope): Scope {
  if (sureColumns(x.from).length > 0) return x
  return { ...x, from: x.c.pick(x.relations.filter((one) => sureColumns(one).length > 0)) }
}

/** Of each key the one first row, by columns whose order is one value's. */
function firstOfEach(x: Scope, keys: readonly string[]): string {
  const { c, from } = x
  const own = columns(from, compared)
  const places = from.kind === 'stream' ? ['_offset', ...(own.length > 0 ? [] : ['_time', '_partition'])] : []
  const plain = [...own, ...own, ...places].filter((name) => !keys.includes(name))
  if (plain.length === 0) return `SELECT DISTINCT ${keys.join(', ')} FROM ${from.name}`
  const terms = many(c, 2, () => `${c.pick(plain)}${c.pick(['', ' DESC', ' DESC NULLS FIRST', ' NULLS LAST'])}`)
  const others = many(c, 2, () => c.pick(c.chance(8) ? columns(from) : plain))
  const outputs = [...keys, ...others].map((one) => as(x, one))
  const shown = outputs.join(', ')
  if (c.chance(5)) {
    const places = tail(...outputs.map((_, i) => String(i + 1)))
    return `SELECT DISTINCT ON (${keys.join(', ')}) ${shown} FROM ${from.name}${where(x)} ORDER BY ${[...keys, ...terms].join(', ')}${places}`
  }
  const place = `row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${terms.join(', ')}${tail('r')})`
  const of = { r: from }
  const rows = `${from.name} AS r${where(x)}`
  const isFirst = c.pick(['= 1', '= 1', '<= 1', '< 2'])
  if (c.chance(2)) return tying({ of, shown, from: rows, qualify: `${place} ${isFirst}` })
  const names = outputs.map((one) => one.split(' AS ').at(-1)).join(', ')
  return `SELECT ${names} FROM (${tying({ of, shown: `${shown}, ${place} AS place`, from: rows })}) AS placed WHERE place ${isFirst}`
}

/** Aggregates that forget the rows which they are not, of `v` and `o`; each is kept as one value that can be merged. */
function extremes(x: Scope): string {
  const all = ['min(v)', 'max(v)', 'min(o)', 'max(o)', 'min(v)', 'max(v)', 'count(*)']
  const some = many(x.c, 3, () => as(x, x.c.pick(all)))
  return x.c.chance(9) ? as(x, chosen(x.c.pick(['arg_max', 'arg_min']), 'o', 'v')) : some.join(', ')
}

/** Rows with a sure key `g` and two values, of which some go as events come. */
function lossy(x: Scope): string {
  const { c, from } = x
  const g = `${sure(x, from)} AS g`
  const sortable = () => column(x, from, is.sortable) ?? any(x, from)
  return c.pick([
    () =>
      `SELECT ${g}, ${sortable()} AS o, ${c.pick(['count(*)', `max(${sortable()})`, `min(${sortable()})`])} AS v FROM ${from.name}${where(x)} GROUP BY ALL`,
    () => {
      const [by, at, own] = [sure(x, from, 'r.'), column(x, from, is.sortable, 'r.') ?? any(x, from, 'r.'), any(x, from, 'r.')]
      const over = `OVER (PARTITION BY ${by} ORDER BY ${at}${tail('r')})`
      const call = c.pick([`row_number() ${over}`, `lag(${own}) ${over}`, `lag(${at}) ${over}`, `lead(${own}) ${over}`])
      return tying({ of: { r: from }, shown: `${by} AS g, ${at} AS o, ${call} AS v`, from: `${from.name} AS r${where(x, 'r.')}` })
    },
    () => {
      const right = other(x, 100)
      const on = `${key(x, from, 'p.')} = ${key(x, right, 'q.')}`
      return `SELECT ${sure(x, from, 'p.')} AS g, ${any(x, right, 'q.')} AS o, ${any(x, right, 'q.')} AS v FROM ${from.name} AS p LEFT JOIN ${right.name} AS q ON ${on}`
    },
    () =>
      `SELECT ${g}, ${sortable()} AS o, ${sortable()} AS v FROM ${from.name}${where(x)} ORDER BY 2 ${c.pick(['', 'DESC'])}${tail('1', '2', '3')} LIMIT 4`,
  ])()
}

/** Rows of a table, which are replaced and go. */
function ofTable(x: Scope): string {
  const from = x.c.pick(x.relations.filter((one) => one.kind === 'table'))
  const [o, v] = [column(x, from, is.sortable), column(x, from, is.number)]
  return `SELECT ${sure(x, from)} AS g, ${o} AS o, ${v} AS v FROM ${from.name}${where({ ...x, from })}`
}

/** One row of each key that is known to be never NULL: only by such keys rows are found by `=`. */
export const firstForms: readonly Form[] = [
  { name: 'the first of each sure key', make: (x) => ofFirst(sureRelation(x), 1) },
  { name: 'the first of two keys, one of them sure', make: (x) => ofFirst(sureRelation(x), 2) },
]

/** Least and greatest values where rows go: only by sure keys groups are merged in one statement, and only where none lost what it shows. */
export const extremeForms: readonly Form[] = [
  { name: 'extremes of what loses rows', make: (x) => `SELECT g, ${extremes(x)} FROM (${lossy(x)}) AS held GROUP BY g` },
  { name: 'extremes of a table', make: (x) => `SELECT g, ${extremes(x)} FROM (${ofTable(x)}) AS held GROUP BY g` },
]

function ofFirst(x: Scope, count: 1 | 2): string {
  const first = x.c.pick(sureColumns(x.from))
  const second = any(x, x.from)
  return firstOfEach(x, count === 2 && second !== first ? [first, second] : [first])
}
