import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Expr, Op, Outer } from '../algebra/op.ts'
import { conjunction, ids, selectOf } from '../algebra/select-of.ts'
import { type AstValue, visit } from '../ast.ts'
import type { Input, Run } from './rule.ts'

/** The change of the rows that a join shows for its left rows: a left, semi, anti or mark join. */
export interface Half {
  /** Is there an equality between both sides, by which the rows that a change concerns are found? */
  readonly isKeyed: boolean
  /** The operator's rows over these FROM items. */
  select(left: string, right: string): string
  /** One batch: makes temporary tables, and returns the texts to compare. */
  change(run: Run, left: Input, right: Input): Generator<string, HalfChange, number>
}

export interface HalfChange {
  /** SELECT of the operator's columns and `_w`. */
  readonly comes?: string
  /** SELECT of the kept rows of touched left rows: all kept columns, and the rowid as `_r`. */
  readonly kept?: string
  readonly mayTake: boolean
}

const weight: Col = { id: '_w', type: 'BIGINT', nullable: false }

export interface Kept {
  /** Of the table in which the rows are kept; the left side's are among them. */
  readonly columns: readonly Col[]
  /** Condition that tells this half's rows from the others in it. */
  readonly where?: string
}

export function halfOf(op: Outer, kept: Kept, leftInsertOnly: boolean): Half {
  const equalities = op.on.filter((one) => isEquality(one, op.left.columns, op.right.columns))
  const isKeyed = equalities.length > 0
  // Without an equality a superset of the partners would be everything: the whole condition says more.
  const partner = isKeyed ? equalities : op.on
  const on = conjunction('', partner) || 'TRUE'
  const used = op.right.columns.filter((column) => partner.some((one) => one.uses.has(column.id)))
  const rightOnly = op.on.filter(
    (one) => one.uses.size > 0 && op.right.columns.filter((column) => one.uses.has(column.id)).length === one.uses.size,
  )

  const weightedLeft: Op = { kind: 'constant', sql: '', columns: [...op.left.columns, weight] }
  const weighted: Outer = { ...op, left: weightedLeft, columns: [...op.columns, weight] }
  const joined = (join: Outer, left: string, right: string) =>
    selectOf(join, (part) => (part === join.left ? left : part === join.right ? right : undefined))
  const left = ids(op.left.columns)

  return {
    isKeyed,
    select: (leftRows, rightRows) => joined(op, leftRows, rightRows),
    *change(run, leftInput, rightInput) {
      let touched: string | undefined
      if (rightInput.isChanged) {
        const name = run.temp(`touched ${op.type}`)
        const count =
          yield `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT DISTINCT ${ids(used)} FROM ${rightInput.change()}${conjunction(' WHERE ', rightOnly)}`
        if (count > 0) touched = name
      }
      const changed = leftInput.isChanged ? `SELECT ${left}, _w FROM ${leftInput.change()} AS l` : undefined
      const concerned = touched
        ? [
            `SELECT ${left}, _w FROM ${leftInput.weighted()} AS l SEMI JOIN ${touched} AS t ON ${on}`,
            ...(changed ? [`${changed} ANTI JOIN ${touched} AS t ON ${on}`] : []),
          ]
        : changed
          ? [changed]
          : []
      if (concerned.length === 0) return { mayTake: false }
      const rows = run.temp(`concerned ${op.type}`)
      const count = yield `CREATE OR REPLACE TEMP TABLE ${rows} AS ${concerned.join(' UNION ALL ')}`
      // DuckDB prunes the scan of the right side by these rows' keys only where it is told to look for them.
      const partners = isKeyed
        ? `(SELECT ${ids(op.right.columns)} FROM ${rightInput.rows()} AS r SEMI JOIN ${rows} AS l ON ${on})`
        : rightInput.rows()
      return {
        ...(count > 0 ? { comes: joined(weighted, rows, partners) } : {}),
        ...(touched ? { kept: keptOf(run.table, touched) } : {}),
        mayTake: changed !== undefined && !leftInsertOnly,
      }
    },
  }

  /** The right side's columns have the names of the changed rows' columns: they step aside for the comparison. */
  function keptOf(table: string, touched: string): string {
    const isOwn = (column: Col) => op.left.columns.some((one) => one.id === column.id)
    const aside = kept.columns.map((column, i) => `${ident(column.id)}${isOwn(column) ? '' : ` AS _o${i}`}`)
    const back = kept.columns.map((column, i) => (isOwn(column) ? ident(column.id) : `_o${i} AS ${ident(column.id)}`))
    return `SELECT ${back.join(', ')}, _r FROM (SELECT ${aside.join(', ')}, rowid AS _r FROM ${table}${kept.where ? ` WHERE ${kept.where}` : ''}) SEMI JOIN ${touched} AS t ON ${on}`
  }
}

/** Does it hold an expression over the one side equal to one over the other? */
function isEquality({ ast }: Expr, left: readonly Col[], right: readonly Col[]): boolean {
  if (ast.type !== 'COMPARE_EQUAL' && ast.type !== 'COMPARE_NOT_DISTINCT_FROM') return false
  const over = (value: AstValue, columns: readonly Col[], others: readonly Col[]) => {
    const names = namesIn(value)
    return columns.some((column) => names.has(column.id)) && !others.some((column) => names.has(column.id))
  }
  return (over(ast.left, left, right) && over(ast.right, right, left)) || (over(ast.left, right, left) && over(ast.right, left, right))
}

function namesIn(value: AstValue): ReadonlySet<string> {
  const names = new Set<string>()
  visit(value, (ast) => {
    if (ast.class === 'COLUMN_REF' && Array.isArray(ast.column_names)) names.add(String(ast.column_names[0]))
  })
  return names
}
