import type { AggregateOutput, Col, Constant, Expr, Group, OrderTerm, Output } from '../../engine/compile/algebra/op.ts'
import { orderBy } from '../../engine/compile/algebra/select-of.ts'
import type { Ast } from '../../engine/compile/ast.ts'

/** Operators by hand, for tests of rules. Columns have their names as ids, and expressions name them unquoted. */

/** A column; `null`: NULL can be in it. */
export function col(id: string, type: string, nullable: 'null' | 'not null' = 'null'): Col {
  return { id, type, nullable: nullable === 'null' }
}

/** Rows of these columns: an input that the harness fills. */
export function rowsOf(...columns: readonly Col[]): Constant {
  return { kind: 'constant', sql: 'SELECT 1', columns }
}

/** A column's name, or any other expression over the columns that it names. */
export function expr(sql: string): Expr {
  const isName = /^[a-z_]\w*$/.test(sql)
  const ast: Ast = isName ? { class: 'COLUMN_REF', type: 'COLUMN_REF', column_names: [sql] } : { class: 'FUNCTION', type: 'FUNCTION' }
  const names = sql.replace(/'[^']*'/g, '').match(/\b[a-z_]\w*\b(?!\(|:[^:])/g) // neither functions nor fields
  return { ast, sql, uses: new Set(names ?? []) }
}

export interface AggregateOptions {
  readonly type: string
  readonly filter?: string
  readonly distinct?: boolean
  readonly order?: readonly OrderTerm[]
}

/** An aggregate call: its name, its arguments as `[sql, type]`, and the type of its value. */
export function aggregate(
  id: string,
  name: string,
  args: readonly (readonly [sql: string, type: string])[],
  { type, filter, distinct = false, order = [] }: AggregateOptions,
): AggregateOutput {
  const inside = name === 'count_star' ? '*' : args.map(([sql]) => sql).join(', ')
  const call = `${name === 'count_star' ? 'count' : name}(${distinct ? 'DISTINCT ' : ''}${inside}${orderBy(order)})`
  return {
    col: col(id, type),
    name,
    args: args.map(([sql, argType]) => ({ ...expr(sql), type: argType })),
    ...(filter === undefined ? {} : { filter: expr(filter) }),
    distinct,
    order,
    sql: filter === undefined ? call : `${call} FILTER (WHERE ${filter})`,
  }
}

export function orderTerm(sql: string, descending = false, nullsFirst = false): OrderTerm {
  return { expr: expr(sql), descending, nullsFirst }
}

/** A grouped SELECT over `input`; keys are expressions with their columns. */
export function groupOf(input: Constant, keys: readonly Output[], aggregates: readonly AggregateOutput[]): Group {
  return {
    kind: 'group',
    input,
    keys,
    aggregates,
    isGlobal: keys.length === 0,
    columns: [...keys.map((key) => key.col), ...aggregates.map((one) => one.col)],
  }
}
