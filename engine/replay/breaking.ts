import type { Column } from '../../connectors/store/store.ts'

/** What readers of a view will notice: their queries may fail, or mean something else. */
export type Breaking =
  | { readonly what: 'view removed' }
  | { readonly what: 'column dropped'; readonly column: string; readonly type: string }
  | { readonly what: 'column type'; readonly column: string; readonly from: string; readonly to: string }

/** Columns that go or change their type. Names are compared as SQL does, without case; a renamed column is a dropped one. */
export function breakingColumns(before: readonly Column[], after: readonly Column[]): readonly Breaking[] {
  const now = new Map(after.map((column) => [column.name.toLowerCase(), column]))
  return before.flatMap(({ name, type }): Breaking[] => {
    const other = now.get(name.toLowerCase())
    if (!other) return [{ what: 'column dropped', column: name, type }]
    return other.type === type ? [] : [{ what: 'column type', column: name, from: type, to: other.type }]
  })
}

/** Columns that come: readers who ask for `*` see them, nobody else does. */
export function addedColumns(before: readonly Column[], after: readonly Column[]): readonly Column[] {
  const names = new Set(before.map(({ name }) => name.toLowerCase()))
  return after.filter(({ name }) => !names.has(name.toLowerCase()))
}
