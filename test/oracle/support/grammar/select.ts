import type { Chooser } from '../chooser.ts'
import { groupForms } from './groups.ts'
import { joinForms } from './joins.ts'
import { nest, queryForms } from './queries.ts'
import { type Column, type Form, type Known, looseName, plainText, type Scope } from './relation.ts'
import { rowForms } from './rows.ts'
import { setForms } from './set-operations.ts'
import { subqueryForms } from './subqueries.ts'
import { extremeForms, firstForms } from './sure-keys.ts'
import { timeForms } from './time.ts'
import { windowForms } from './windows.ts'

/** All ways to write a SELECT, by the concept that they are of: each concept comes as often as another. */
export const forms: readonly (readonly Form[])[] = [
  rowForms,
  groupForms,
  joinForms,
  subqueryForms,
  setForms,
  windowForms,
  firstForms,
  extremeForms,
  queryForms,
  timeForms,
]

export interface Made {
  readonly template: string
  /** Names of the forms, the inner one first. */
  readonly forms: readonly string[]
  /** A guess at how many rows it comes to. */
  readonly rows: number
}

/** Columns of a SELECT of the recomputation; undefined where DuckDB would not have it: types do not meet. */
export type Describe = (select: string) => Promise<readonly Column[] | undefined>

/** A random SELECT over the relations, now and then with another inside it. `describe` tells the inner one's columns. */
export async function randomSelect(chooser: Chooser, relations: readonly Known[], describe: Describe): Promise<Made> {
  const scope = (from: Known): Scope => ({ c: chooser, relations, from, count: { n: 0 } })
  const from = pickFrom(chooser, relations)
  const inner = chooser.chance(4) ? one(scope(from)) : undefined
  const columns = inner && (await describe(plainText(inner.template)))
  if (!inner || !columns || columns.some((column) => isLoose(column)) || hasTwice(columns)) return one(scope(from))
  const { known, wrap } = nest(scope(from), inner.template, columns)
  const outer = one(scope({ ...known, rows: inner.rows }))
  return { template: wrap(outer.template), forms: [...inner.forms, ...outer.forms], rows: outer.rows }
}

/** A float whose last bits follow the order of the rows: nothing may be computed from it. */
export function isLoose(column: Column): boolean {
  return column.name === looseName
}

/** Two columns of one name: no view may show that. */
export function hasTwice(columns: readonly Column[]): boolean {
  return new Set(columns.map((column) => column.name.toLowerCase())).size < columns.length
}

/** Views as often as streams, however many there are of each. */
function pickFrom(chooser: Chooser, relations: readonly Known[]): Known {
  const kind = chooser.pick(['stream', 'stream', 'view', 'view', 'table'])
  const some = relations.filter((one) => one.kind === kind)
  return chooser.pick(some.length > 0 ? some : relations)
}

/** The form that the choices fall on, or the next one that has something to say of the relation at hand. */
function one(x: Scope): Made {
  const at = x.c.below(forms.length)
  const first = x.c.below(1_000)
  for (let f = 0; f < forms.length; f++) {
    const family = forms[(at + f) % forms.length] as readonly Form[]
    for (let n = 0; n < family.length; n++) {
      const form = family[(first + n) % family.length] as Form
      const template = form.make(x)
      if (template !== undefined) return { template, forms: [form.name], rows: rowsOf(family, x.from) }
    }
  }
  throw new Error('Every relation can be projected')
}

function rowsOf(family: readonly Form[], from: Known): number {
  if (family === joinForms || family === subqueryForms) return from.rows * 4
  return family === groupForms || family === timeForms ? Math.min(from.rows, 20) : from.rows
}
