import type { Chooser } from '../chooser.ts'

export interface Column {
  readonly name: string
  readonly type: string
  /** It is known to be never NULL. */
  readonly required?: boolean
}

/** A relation as random SQL sees it. */
export interface Known {
  /** As FROM names it: a relation's name, a CTE's, or a subquery in parentheses. */
  readonly name: string
  /** The name that its columns may be qualified with. */
  readonly alias: string
  readonly columns: readonly Column[]
  readonly kind: 'stream' | 'table' | 'view' | 'query'
  /** Roughly how many rows it comes to: joins of joins would take minutes. */
  readonly rows: number
}

/** What a form is made from. Names of outputs are counted, so that none comes twice in one SELECT. */
export interface Scope {
  readonly c: Chooser
  readonly relations: readonly Known[]
  readonly from: Known
  readonly count: { n: number }
}

/** One way to write a SELECT; undefined where the relation at hand has no column for it. */
export interface Form {
  readonly name: string
  readonly make: (x: Scope) => string | undefined
}

/**
 * `«a|b»` in a text stands for `a` in the view's text and for `b` in the recomputation's: the tie-breakers that the compiler
 * adds by itself, and the columns that `*` stands for.
 */
export function viewText(template: string): string {
  return template.replaceAll(/«([^|»]*)\|[^»]*»/g, '$1')
}

/** The recomputation's side of a template. */
export function plainText(template: string): string {
  return template.replaceAll(/«[^|»]*\|([^»]*)»/g, '$1')
}

/** Types by what may be done with them. */
export const is = {
  integer: /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/,
  small: /^(TINYINT|SMALLINT|INTEGER)$/,
  number: /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DECIMAL\(.*\))$/,
  text: /^VARCHAR$/,
  flag: /^BOOLEAN$/,
  time: /^(DATE|TIMESTAMP( WITH TIME ZONE)?)$/,
  stamp: /^TIMESTAMP$/,
  texts: /^VARCHAR\[\]$/,
  // A computed DOUBLE may differ in its last bit, which an order would show.
  sortable: /^(?!.*(\[\]|DOUBLE|STRUCT|MAP|UNION))/,
} as const

/** Columns that only sums straight over a stream may take: a join would carry them beyond the 64 bits of a kept sum. */
const vast = new Set(['huge', 'vast'])

/** The output that holds a float whose last bits follow the order of the rows; no other view may read it. */
export const looseName = 'loose'

/** Quoted names of the columns of a type. */
export function columns(of: Known, type?: RegExp): string[] {
  return of.columns.filter((one) => !vast.has(one.name) && (type === undefined || type.test(one.type))).map((one) => `"${one.name}"`)
}

/** Quoted names of the numbers that may be summed. */
export function summable(of: Known): string[] {
  return of.columns.filter((one) => is.number.test(one.type) && (of.kind === 'stream' || !vast.has(one.name))).map((one) => `"${one.name}"`)
}

export function column({ c }: Scope, of: Known, type: RegExp, prefix = ''): string | undefined {
  const all = columns(of, type)
  return all.length > 0 ? prefix + c.pick(all) : undefined
}

export function any({ c }: Scope, of: Known, prefix = ''): string {
  return prefix + c.pick(columns(of))
}

/** Something of text to join by. */
export function key(x: Scope, of: Known, prefix = ''): string {
  return column(x, of, is.text, prefix) ?? `CAST(${any(x, of, prefix)} AS VARCHAR)`
}

/** Columns that are never NULL, and that many rows share. */
export function sureColumns(of: Known): string[] {
  const own = of.columns.filter((one) => one.required && /^(VARCHAR|BOOLEAN|DATE|TINYINT|SMALLINT|INTEGER)$/.test(one.type))
  return [...own.map((one) => `"${one.name}"`), ...(of.kind === 'stream' ? ['_type', '_partition'] : [])]
}

/** Something that is never NULL, whatever the relation. */
export function sure(x: Scope, of: Known, prefix = ''): string {
  const [own, text] = [sureColumns(of).map((name) => prefix + name), key(x, of, prefix)]
  return x.c.pick([...own, ...own, `coalesce(${text}, 'none')`, `${text} IS NULL`])
}

export function as(x: Scope, expression: string): string {
  return `${expression} AS c${x.count.n++}`
}

/** `*` and what it stands for. */
export function star(of: Known, prefix = ''): string {
  return `«${prefix}*|${of.columns.map((one) => `${prefix}"${one.name}"`).join(', ')}»`
}

export function many<T>(c: Chooser, most: number, make: () => T): T[] {
  return Array.from({ length: 1 + c.below(most) }, make)
}

/** The order in which the compiler lets equals stand: by the rest of the row. */
export function tail(...parts: readonly string[]): string {
  return `«|, ${parts.map((part) => `${part} ASC NULLS LAST`).join(', ')}»`
}

/** Another relation, small enough to be joined with this one. */
export function other(x: Scope, rowsMax = 400): Known {
  const small = x.relations.filter((one) => one.rows * x.from.rows <= rowsMax * 10)
  return x.c.pick(small.length > 0 ? small : x.relations.filter((one) => one.kind === 'table'))
}
