import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Outer } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'
import { type Half, halfOf } from './outer-half.ts'
import type { Rule, Traits } from './rule.ts'
import { keptRows, writeChange } from './touched-rows.ts'

/**
 * Rule: left, full, semi, anti and mark joins. With L and R as they are after the batch and L° as it was before it:
 *
 *     Δ(L ⟕ R) = ΔL ⟕ R + L° ⋈ ΔR ± the rows of L° that lost or found their only partners, with NULLs
 *
 * The first two terms are linear. The last follows from counts: a left row found a partner if it has one now and had none without
 * ΔR. So a key with thousands of rows costs what changes of it, never its rows. A semi, anti or mark join is the first and last term;
 * a full join is its left join and the right rows without a partner, which is an anti join the other way round.
 */
export function planOuter(op: Outer, inputs: readonly Traits[]): Rule {
  const [leftGrows, rightGrows] = inputs.map((input) => input.insertOnly)
  const columns = op.columns.map((column) => padded(column, op))
  // Either side of a full join may be all NULLs: one column of each says more than several of one.
  const telling = op.type === 'full' ? interleaved(columns, op.left.columns.length) : columns
  const halves = halvesOf(op)
  const isKeyed = halves.every(({ half }) => half.isKeyed)
  const words = { left: 'LEFT JOIN', full: 'FULL JOIN', semi: 'EXISTS or IN', anti: 'NOT EXISTS or NOT IN', mark: 'EXISTS as a value' }[
    op.type
  ]
  return {
    strategy: isKeyed ? 'affected keys' : 'full',
    reason: isKeyed
      ? `${words}: a row that comes or goes looks for its partners by the keys of the batch`
      : `${words} without an equality between both sides: a row that comes or goes meets every row of the other side`,
    state: 'the joined rows',
    ...(isKeyed ? {} : { advice: 'join by an equality, ON left.a = right.b, with the other conditions beside it' }),
    insertOnly: op.type === 'semi' && leftGrows === true && rightGrows === true,
    needsRows: [true, true],
    ...keptRows(columns),
    *maintain(run) {
      const [left, right] = run.inputs
      if (!left || !right || !(left.isChanged || right.isChanged)) return false
      if (run.isFirst) {
        const first = halves.map(({ half, as, isMirrored }) =>
          as(isMirrored ? half.rows(right.rows(), left.rows()) : half.rows(left.rows(), right.rows())),
        )
        yield `INSERT INTO ${run.table} ${first.join(' UNION ALL ')}`
        return false
      }
      const terms: string[] = []
      for (const { half, as, isMirrored } of halves) {
        const change = yield* isMirrored ? half.change(run, right, left) : half.change(run, left, right)
        terms.push(...change.map((term) => as(term, ', _w')))
      }
      if (terms.length === 0) return false
      const [mayGo, mayTurn] = [left.isChanged && leftGrows !== true, right.isChanged && !(op.type === 'semi' && rightGrows === true)]
      return yield* writeChange(run, columns, terms.join(' UNION ALL '), mayGo || mayTurn || op.type === 'full', telling)
    },
  }
}

/** A join fills the side without a partner with NULLs, whatever its input promises. */
function padded(column: Col, op: Outer): Col {
  const isOwn = op.left.columns.some((one) => one.id === column.id) || column.id === op.mark?.id
  return { ...column, nullable: column.nullable || op.type === 'full' || !isOwn }
}

function interleaved(columns: readonly Col[], at: number): readonly Col[] {
  const sides = [columns.slice(0, at), columns.slice(at)]
  return columns.flatMap((_, i) => sides.flatMap((side) => side.slice(i, i + 1)))
}

interface Placed {
  readonly half: Half
  /** Its left side is the operator's right side. */
  readonly isMirrored: boolean
  /** SELECT of the operator's columns, and what is named beside them, from the half's own rows. */
  as(select: string, more?: string): string
}

function halvesOf(op: Outer): readonly Placed[] {
  const as = (select: string, more = '') => `SELECT ${ids(op.columns)}${more} FROM (${select})`
  if (op.type !== 'full') return [{ half: halfOf(op), isMirrored: false, as }]
  const alone: Outer = { kind: 'outer', type: 'anti', left: op.right, right: op.left, on: op.on, columns: op.right.columns }
  const isLeft = (column: Col) => op.left.columns.some((one) => one.id === column.id)
  const cells = op.columns.map((column) => (isLeft(column) ? `CAST(NULL AS ${column.type}) AS ${ident(column.id)}` : ident(column.id)))
  return [
    { half: halfOf({ ...op, type: 'left' }), isMirrored: false, as },
    { half: halfOf(alone), isMirrored: true, as: (select, more = '') => `SELECT ${cells.join(', ')}${more} FROM (${select})` },
  ]
}
