import { condition } from './expressions.ts'
import { any, columns, is, type Scope, summable, tail } from './relation.ts'

export interface Aggregated {
  /** Set in a join: which side's columns. */
  readonly prefix?: string
}

/** One call of an aggregate function over the scope's relation. */
function call(x: Scope, { prefix = '' }: Aggregated): string {
  const { c, from } = x
  const own = any(x, from, prefix)
  const with_ = (type: RegExp) => columns(from, type).map((name) => prefix + name)
  const numbers = with_(is.number)
  const sums = prefix === '' ? summable(from) : numbers
  const sortable = with_(is.sortable)
  const texts = with_(is.text)
  const integers = with_(is.integer)
  const quarters = prefix === '' && from.columns.some((one) => one.name === 'f' && one.type === 'DOUBLE') && from.kind === 'stream'
  const options = [['count(*)', `count(${own})`, `count(DISTINCT ${own})`]]
  if (sortable.length > 0) {
    const [a, b] = [c.pick(sortable), c.pick(sortable)]
    options.push(
      [`min(${a})`, `max(${a})`],
      [`list(${own} ORDER BY ${a} ${tail(own)})`, `first(${a} ORDER BY ${b} DESC ${tail(a)})`, `last(${a} ORDER BY ${b} ${tail(a)})`],
      [`max({o: ${a}, v: ${b}}).v`, `min({o: ${a}, v: ${b}}).v`],
      [chosen(c.pick(['arg_max', 'max_by', 'arg_min', 'argmin']), b, a), chosen(c.pick(['arg_max_null', 'arg_min_null']), b, a)],
      [`«mode(${a})|mode(${a} ORDER BY ${a})»`],
      [`quantile_disc(${a}, 0.5)`, `list(DISTINCT ${a} ORDER BY ${a})`, `min(${a}, 2)`, `max(${a}, 2)`],
    )
  }
  for (const sum of sums) options.push([`sum(${sum})`, `sum(${sum})`, `avg(${sum})`])
  if (sums.length > 0) {
    const [a, b] = [c.pick(sums), c.pick(sums)]
    options.push(
      [`sum(DISTINCT ${a})`, `avg(DISTINCT ${a})`],
      [`median(${a})`, `quantile_cont(${a}, 0.25)`, `quantile_cont(${a}, [0, 0.75])`, `mad(${a})`],
      [`bool_or(${a} > 1)`, `bool_and(${b} < 3)`, `count_if(${a} > 0)`],
      [`sum(CASE WHEN ${a} > 0 THEN ${b} END)`, `sum(${a}) - min(${b})`, `CAST(max(${a}) AS DOUBLE) - CAST(min(${a}) AS DOUBLE)`],
    )
  }
  if (integers.length > 0) options.push([`bit_and(${c.pick(integers)})`, `bit_or(${c.pick(integers)})`, `bit_xor(${c.pick(integers)})`])
  if (texts.length > 0) {
    const [a, b] = [c.pick(texts), c.pick(texts)]
    options.push([`string_agg(${a}, ',' ORDER BY ${b} ${tail(a)})`, `string_agg(DISTINCT ${a}, '+' ORDER BY ${a})`])
  }
  if (quarters) options.push([`sum(${prefix}f)`, `avg(${prefix}f)`, `min(${prefix}f)`])
  return c.pick(c.pick(options))
}

/** `arg_max(value, by)` and its kin: of rows that tie the one with the greatest value, for `arg_min` with the least. */
export function chosen(name: string, value: string, by: string, over = ''): string {
  const counts = name.endsWith('_null') ? `${by} IS NOT NULL` : `${by} IS NOT NULL AND ${value} IS NOT NULL`
  const both = `${name.includes('min') ? 'min' : 'max'}({o: ${by}, v: ${value}}) FILTER (WHERE ${counts})${over}`
  return `«${name}(${value}, ${by})${over}|struct_extract(${both}, 'v')»`
}

/** An aggregate, perhaps with FILTER, perhaps inside an expression. */
export function aggregate(x: Scope, options: Aggregated = {}): string {
  const { c } = x
  const made = call(x, options)
  // FILTER belongs to one call, so it does not fit what is put together from several or reached into.
  const filtered = c.chance(4) && /^\w+\([^()]*\)$/.test(made) ? `${made} FILTER (WHERE ${condition(x, options.prefix)})` : made
  if (!c.chance(4)) return filtered
  return c.pick([
    `coalesce(CAST(${filtered} AS VARCHAR), 'none')`,
    `${filtered} IS NULL`,
    `CASE WHEN count(*) > 2 THEN ${filtered} END`,
    `typeof(${filtered})`,
  ])
}

/** Groups that come with their rows, and groups that leave as they grow. */
export function having(x: Scope, options: Aggregated = {}): string {
  const { c, from } = x
  if (!c.chance(3)) return ''
  const sums = columns(from, is.number).map((name) => (options.prefix ?? '') + name)
  const conditions = ['count(*) > 1', 'count(*) BETWEEN 1 AND 3', 'count(*) < 3', `count(${any(x, from, options.prefix)}) > 0`]
  if (sums.length > 0) conditions.push(`sum(${c.pick(sums)}) > 0`, `max(${c.pick(sums)}) < 3`, `NOT (min(${c.pick(sums)}) < 0)`)
  return ` HAVING ${c.pick(conditions)}`
}
