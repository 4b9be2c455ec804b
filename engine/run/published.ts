import { list, path } from '../../connectors/store/quote.ts'
import type { Column } from '../../connectors/store/store.ts'
import { relationSchema } from '../compile/relations.ts'
import type { Derivation } from './derivation.ts'

/**
 * A view's public name is a pointer to one of its versions: the relation of this name, which queries read, and the view in `main`, which
 * shows the rows in the order that the SELECT asks for.
 */
export function published({
  id,
  name,
  columns,
  order,
}: Pick<Derivation, 'id' | 'name' | 'columns'> & { readonly order: string }): Pick<Derivation, 'publish' | 'unpublish'> {
  const rows = `SELECT ${list(columns.map((column: Column) => column.name))} FROM ${path(relationSchema, id)}`
  const names = [path(relationSchema, name), path('main', name)] as const
  return {
    publish: () => [`CREATE OR REPLACE VIEW ${names[0]} AS ${rows}`, `CREATE OR REPLACE VIEW ${names[1]} AS ${rows}${order}`],
    unpublish: () => names.map((name) => `DROP VIEW IF EXISTS ${name}`),
  }
}

/** What has one version has its name from it. */
export const unpublished: Pick<Derivation, 'publish' | 'unpublish'> = { publish: () => [], unpublish: () => [] }
