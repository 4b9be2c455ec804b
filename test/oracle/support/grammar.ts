import type { Chooser } from './chooser.ts'

/** A relation as random SQL sees it. */
export interface Known {
  /** As SQL names it. */
  readonly name: string
  /** The name that its columns may be qualified with. */
  readonly alias: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly hasPlace: boolean
}

/**
 * A random SELECT. `«a|b»` in its text stands for `a` in the view's text and for `b` in the recomputation's: the
 * tie-breakers that the compiler adds by itself, and the columns that `*` stands for.
 */
export function randomSelect(chooser: Chooser, relations: readonly Known[]): string {
  const from = chooser.pick(relations)
  const other = chooser.pick(relations)
  return chooser.pick(forms)({ c: chooser, from, other, n: 0 })
}

export function viewText(template: string): string {
  return template.replaceAll(/«([^|»]*)\|[^»]*»/g, '$1')
}

export function plainText(template: string): string {
  return template.replaceAll(/«[^|»]*\|([^»]*)»/g, '$1')
}

interface Context {
  readonly c: Chooser
  readonly from: Known
  readonly other: Known
  n: number
}

const numeric = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DECIMAL)/
const exact = /^(TINYINT|SMALLINT|INTEGER|BIGINT|DECIMAL)/

function columns(of: Known, type?: RegExp): string[] {
  return of.columns.filter((column) => type === undefined || type.test(column.type)).map((column) => `"${column.name}"`)
}

/** A scalar expression over one relation; `plain` ones only name a column. */
function scalar({ c, from }: Context, prefix = ''): string {
  const any = prefix + c.pick(columns(from))
  const number = columns(from, numeric).map((name) => prefix + name)
  const text = columns(from, /^VARCHAR$/).map((name) => prefix + name)
  const day = columns(from, /^(DATE|TIMESTAMP)/).map((name) => prefix + name)
  const options = [any, any, any]
  if (number.length > 0)
    options.push(
      `CAST(${c.pick(number)} AS DOUBLE) / 4`,
      `CASE WHEN ${c.pick(number)} > 1 THEN 'big' WHEN ${c.pick(number)} IS NULL THEN NULL ELSE 'small' END`,
      `coalesce(CAST(${c.pick(number)} AS HUGEINT), 0) + 1`,
    )
  if (text.length > 0)
    options.push(
      `upper(${c.pick(text)})`,
      `coalesce(${c.pick(text)}, '?') || '!'`,
      `TRY_CAST(${c.pick(text)} AS INTEGER)`,
      `length(${c.pick(text)})`,
    )
  if (day.length > 0) options.push(`date_trunc('month', ${c.pick(day)})`, `extract(year FROM ${c.pick(day)})`)
  if (from.hasPlace) options.push(`${prefix}_type`, `${prefix}_offset % 3`, `${prefix}_partition`, `${prefix}_key`)
  return c.pick(options)
}

function condition(context: Context, prefix = '', deep = 2): string {
  const { c, from } = context
  if (deep > 0 && c.chance(3))
    return `(${condition(context, prefix, deep - 1)} ${c.pick(['AND', 'OR'])} ${condition(context, prefix, deep - 1)})`
  if (deep > 0 && c.chance(6)) return `NOT (${condition(context, prefix, deep - 1)})`
  const any = prefix + c.pick(columns(from))
  const number = columns(from, numeric).map((name) => prefix + name)
  const text = columns(from, /^VARCHAR$/).map((name) => prefix + name)
  const options = [`${any} IS NOT NULL`, `${any} IS NULL`, 'TRUE']
  if (number.length > 0)
    options.push(
      `${c.pick(number)} > ${c.pick(['0', '1', '-6', '1.5'])}`,
      `${c.pick(number)} BETWEEN 0 AND 5`,
      `${c.pick(number)} IS DISTINCT FROM 1`,
    )
  if (text.length > 0) options.push(`${c.pick(text)} IN ('a', 'b', 'x')`, `${c.pick(text)} <> ''`, `${c.pick(text)} LIKE '%a%'`)
  if (from.hasPlace) options.push(`${prefix}_offset < 9`, `${prefix}_type = 'Made'`)
  return c.pick(options)
}

function where(context: Context): string {
  return context.c.chance(2) ? ` WHERE ${condition(context)}` : ''
}

function named(context: Context, expression: string): string {
  return `${expression} AS c${context.n++}`
}

/** `*` and what it stands for. */
function star(of: Known, prefix = ''): string {
  return `«${prefix}*|${columns(of)
    .map((name) => prefix + name)
    .join(', ')}»`
}

function aggregate(context: Context): string {
  const { c, from } = context
  const any = c.pick(columns(from))
  const sums = columns(from, exact)
  const comparable = columns(from, /^(?!.*\[\]|DOUBLE)/)
  const options = ['count(*)', `count(${any})`, `count(DISTINCT ${any})`]
  if (comparable.length > 0)
    options.push(
      `min(${c.pick(comparable)})`,
      `max(${c.pick(comparable)})`,
      `list(${any} ORDER BY ${c.pick(comparable)} «|, ${any} ASC NULLS LAST»)`,
    )
  for (const column of sums) options.push(`sum(${column})`, `avg(${column})`)
  if (sums.length > 0) options.push(`sum(DISTINCT ${c.pick(sums)})`, `median(${c.pick(sums)})`, `bool_or(${c.pick(sums)} > 1)`)
  const call = c.pick(options)
  const filtered = c.chance(4) ? `${call} FILTER (WHERE ${condition(context)})` : call
  return c.chance(3)
    ? c.pick([
        `coalesce(CAST(${filtered} AS VARCHAR), 'none')`,
        `${filtered} IS NULL`,
        `CASE WHEN count(*) > 2 THEN ${filtered} END`,
        `typeof(${filtered})`,
      ])
    : filtered
}

function many<T>(c: Chooser, most: number, make: () => T): T[] {
  return Array.from({ length: 1 + c.below(most) }, make)
}

function grouped(context: Context, from = context.from.name): string {
  const { c } = context
  const keys = many(c, 2, () => scalar(context))
  const aggregates = many(c, 3, () => aggregate(context))
  const outputs = [...keys, ...aggregates].map((expression) => named(context, expression))
  const first = context.n - outputs.length
  const by = c.pick([keys.join(', '), keys.map((_, i) => `c${first + i}`).join(', '), keys.map((_, i) => i + 1).join(', '), 'ALL'])
  const having = c.chance(4) ? ` HAVING ${c.pick(['count(*) > 1', `${keys[0]} IS NOT NULL`, 'count(*) BETWEEN 1 AND 3'])}` : ''
  return `SELECT ${outputs.join(', ')} FROM ${from}${where(context)} GROUP BY ${by}${having}`
}

const forms: readonly ((context: Context) => string)[] = [
  // projection and filter
  (x) => `SELECT ${many(x.c, 4, () => named(x, scalar(x))).join(', ')} FROM ${x.from.name}${where(x)}`,
  // the star, with and without place columns beside it
  (x) =>
    `SELECT ${star(x.from)}${x.from.hasPlace && x.c.chance(2) ? `, ${x.c.pick(['_offset', '_type', '_time', '_key', '_partition'])} AS place` : ''} FROM ${x.from.name}${where(x)}`,
  (x) => `SELECT DISTINCT ${many(x.c, 2, () => named(x, scalar(x))).join(', ')} FROM ${x.from.name}${where(x)}`,
  // UNION ALL, perhaps through CTEs
  (x) =>
    `SELECT 1 AS side, CAST(${scalar(x)} AS VARCHAR) AS v FROM ${x.from.name}${where(x)} UNION ALL SELECT 2, CAST(${scalar(x)} AS VARCHAR) FROM ${x.from.name}${where(x)}`,
  (x) =>
    `WITH a AS (SELECT ${x.c.pick(['', 'DISTINCT '])}CAST(${scalar(x)} AS VARCHAR) AS v FROM ${x.from.name}) SELECT v FROM a UNION ALL SELECT v FROM a`,
  // groups
  (x) => grouped(x),
  (x) => grouped(x),
  (x) => grouped(x),
  (x) => `SELECT ${many(x.c, 4, () => named(x, aggregate(x))).join(', ')} FROM ${x.from.name}${where(x)}`,
  (x) =>
    `WITH "${x.from.alias}" AS (SELECT * FROM ${x.from.name}${where({ ...x, from: { ...x.from, hasPlace: false } })}) ${grouped({ ...x, from: { ...x.from, hasPlace: false } }, `"${x.from.alias}"`)}`,
  (x) =>
    grouped(
      { ...x, from: { ...x.from, hasPlace: false } },
      `(SELECT ${columns(x.from).join(', ')} FROM ${x.from.name}${where(x)}) AS inner_rows`,
    ),
  // joins
  (x) => join(x, x.other),
  (x) => join(x, x.from),
  (x) =>
    `SELECT ${named(x, scalar(x, 'a.'))}, count(*) AS n FROM ${x.from.name} AS a ${x.c.pick(['JOIN', 'LEFT JOIN'])} dim AS b ON ${key(x, x.from, 'a.')} = b.k GROUP BY ALL`,
  // windows
  (x) => {
    const order = x.c.pick(columns(x.from))
    const partition = x.c.chance(2) ? `PARTITION BY ${x.c.pick(columns(x.from))} ` : ''
    const call = x.c.pick([
      'row_number()',
      'rank()',
      `lag(${x.c.pick(columns(x.from))})`,
      `first_value(${x.c.pick(columns(x.from))})`,
      'ntile(2)',
    ])
    const tail = call === 'rank()' ? '' : '«|, r ASC NULLS LAST»' // a rank is the same for all that tie
    return `SELECT ${named(x, scalar(x, 'r.'))}, ${call} OVER (${partition}ORDER BY ${order}${tail}) AS w FROM ${x.from.name} AS r`
  },
  (x) => {
    const numbers = columns(x.from, exact)
    return `SELECT ${named(x, scalar(x, 'r.'))}, ${numbers.length > 0 ? `sum(${x.c.pick(numbers)})` : 'count(*)'} OVER (ORDER BY ${x.c.pick(columns(x.from))}«|, r ASC NULLS LAST» ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS w FROM ${x.from.name} AS r`
  },
  (x) =>
    `SELECT ${star(x.from)} FROM ${x.from.name} QUALIFY row_number() OVER (PARTITION BY ${x.c.pick(columns(x.from))} ORDER BY ${x.c.pick(columns(x.from))}«|, ${x.from.alias} ASC NULLS LAST») = 1`,
  // top k, ties and all
  (x) => {
    const outputs = many(x.c, 3, () => named(x, scalar(x)))
    const tail = outputs.map((_, i) => `${i + 1} ASC NULLS LAST`).join(', ')
    return `SELECT ${outputs.join(', ')} FROM ${x.from.name}${where(x)} ORDER BY ${x.c.pick(columns(x.from))} ${x.c.pick(['ASC', 'DESC', 'DESC NULLS LAST'])}«|, ${tail}» LIMIT ${x.c.pick(['1', '3', '10'])}`
  },
  (x) => {
    const key = x.c.pick(columns(x.from))
    return `SELECT DISTINCT ON (${key}) ${key} AS c0, ${named({ ...x, n: 1 }, scalar(x))} FROM ${x.from.name} ORDER BY ${key}, ${x.c.pick(columns(x.from))} DESC«|, 1 ASC NULLS LAST, 2 ASC NULLS LAST»`
  },
  // subqueries and set operations
  (x) =>
    `SELECT ${named(x, scalar(x))} FROM ${x.from.name} WHERE ${key(x, x.from)} ${x.c.pick(['IN', 'NOT IN'])} (SELECT k FROM dim WHERE k IS NOT NULL)`,
  (x) =>
    `SELECT ${named(x, scalar(x, 'o.'))}, (SELECT max(label) FROM dim WHERE dim.k = ${key(x, x.from, 'o.')}) AS label FROM ${x.from.name} AS o`,
  (x) => {
    const value = scalar(x)
    return `SELECT ${named(x, value)} FROM ${x.from.name}${where(x)} ${x.c.pick(['UNION', 'EXCEPT', 'INTERSECT', 'EXCEPT ALL', 'INTERSECT ALL'])} SELECT ${value} FROM ${x.from.name} WHERE ${condition(x)}`
  },
]

function join(x: Context, other: Known): string {
  const left = key(x, x.from, 'a.')
  const right = key(x, other, 'b.')
  const a = named(x, scalar(x, 'a.'))
  const b = named(x, scalar({ ...x, from: other }, 'b.'))
  return `SELECT ${a}, ${b} FROM ${x.from.name} AS a ${x.c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} ${other.name} AS b ON ${left} = ${right}${x.c.chance(3) ? ` WHERE ${condition(x, 'a.')}` : ''}`
}

/** Something of text to join by. */
function key({ c }: Context, of: Known, prefix = ''): string {
  const texts = columns(of, /^VARCHAR$/)
  return texts.length > 0 ? prefix + c.pick(texts) : `CAST(${prefix}${c.pick(columns(of))} AS VARCHAR)`
}
