import { ident, list } from '../../connectors/store/quote.ts'
import type { Column } from '../../connectors/store/store.ts'
import type { Ast } from './ast.ts'
import { type Maintenance, orderOnRead } from './project.ts'

/**
 * Rule: any deterministic SELECT. It is computed anew whenever one of its inputs changed, and the net change against the
 * stored rows is applied: rows are kept as distinct row + `_weight`, so an unchanged result writes nothing.
 */
export function planFull(node: Ast, select: string, columns: readonly Column[], why: string): Maintenance {
  const names = columns.map((column) => ident(column.name))
  const cells = columns.map((_, i) => ident(`c${i}`))
  const order = orderOnRead(node, columns)
  return {
    strategy: 'full',
    reason: `computed anew when an input changes: ${why}`,
    create: (table) => [
      `CREATE TABLE ${table} (${[...columns.map((column, i) => `${cells[i]} ${column.type}`), '_weight BIGINT'].join(', ')})`,
    ],
    maintain: (table) => {
      const change = `temp.${ident(`change of ${table}`)}`
      const match = cells.map((cell) => `t.${cell} IS NOT DISTINCT FROM d.${cell}`).join(' AND ')
      return [
        `CREATE OR REPLACE TEMP TABLE ${ident(`change of ${table}`)} AS SELECT ${cells.join(', ')}, CAST(sum(_w) AS BIGINT) AS _w FROM (SELECT *, 1 AS _w FROM (${select}) AS q(${cells.join(', ')}) UNION ALL SELECT ${cells.join(', ')}, -_weight FROM ${table}) GROUP BY ALL HAVING sum(_w) <> 0`,
        `MERGE INTO ${table} AS t USING ${change} AS d ON ${match} WHEN MATCHED AND t._weight + d._w = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET _weight = t._weight + d._w WHEN NOT MATCHED THEN INSERT (${[...cells, '_weight'].join(', ')}) VALUES (${cells.map((cell) => `d.${cell}`).join(', ')}, d._w)`,
      ]
    },
    read: (table) => {
      const shown = cells.map((cell, i) => `${cell} AS ${names[i]}`).join(', ')
      // Almost every row has weight 1: only the others pay for being repeated.
      return `SELECT ${list(columns.map((column) => column.name))} FROM (SELECT ${shown} FROM ${table} UNION ALL SELECT ${shown} FROM (SELECT *, unnest(range(_weight - 1)) FROM ${table} WHERE _weight > 1))${order}`
    },
  }
}
