import type { AggregateOutput, Col, Expr } from '../../algebra/op.ts'

/** The change rows that an aggregate reads: which of them, and how often each counts. */
export interface Rows {
  /** Conditions, all of which must hold. */
  readonly where: readonly string[]
  /** A condition that tells these rows among others of the batch; the rows of a group need no telling. */
  readonly among?: string
  /** BIGINT expression, negative for rows that went; undefined: each row counts once, and none goes. */
  readonly weight: string | undefined
}

/** One aggregate call, ready to be kept: its arguments as texts over the rows. */
export interface Call {
  readonly name: string
  /** The aggregate's own type. */
  readonly type: string
  readonly args: readonly Argument[]
  readonly order: AggregateOutput['order']
  readonly rows: Rows
}

export interface Argument {
  readonly sql: string
  readonly type: string
  readonly nullable: boolean
}

/** An aggregate's text over the rows of a batch. */
export function overBatch(call: string, rows: Rows): string {
  return filtered(call, rows.among === undefined ? rows.where : [...rows.where, rows.among])
}

/** An aggregate's text over all rows of a group. */
export function overGroup(call: string, rows: Rows): string {
  return filtered(call, rows.where)
}

/** The same rows, of which one more condition holds. */
export function restricted(rows: Rows, condition: string): Rows {
  return { ...rows, where: [...rows.where, condition] }
}

/** Tells rows from others in a key of the pool. */
export function rowsKey(rows: Rows): string {
  return [rows.among ?? '', rows.weight ?? '', ...rows.where].join(' AND ')
}

function filtered(call: string, where: readonly string[]): string {
  return where.length > 0 ? `${call} FILTER (WHERE ${where.map((one) => `(${one})`).join(' AND ')})` : call
}

/** May the expression be NULL? Only a plain column is known not to be. */
export function isNullable(expr: Expr, columns: readonly Col[]): boolean {
  if (expr.ast.type !== 'COLUMN_REF') return true
  return columns.find((column) => expr.uses.has(column.id))?.nullable ?? true
}
