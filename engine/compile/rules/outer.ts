import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Outer } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'
import { type Half, type HalfChange, halfOf } from './outer-half.ts'
import type { Rule, Traits } from './rule.ts'
import { keptRows, nothing, writeDifference } from './touched.ts'

/**
 * Rule: left, full, semi, anti and mark joins. In the left rows such a join is linear; in the right rows it is not, but a change on
 * the right touches only the left rows that it may partner. With L and R as they are after the batch, and L' those left rows that
 * some changed right row may partner:
 *
 *     Δ(L ⟕ R) = L' ⟕ R − kept rows of L' + (ΔL without L') ⟕ R
 *
 * Whether a left row is touched follows from that row and the right change alone, so no left row is in more than one term. A full
 * join is its left join and, told apart by `_side`, the right rows without a partner: an anti join the other way round.
 */
export function planOuter(op: Outer, inputs: readonly Traits[]): Rule {
  const shown = op.columns.length > 0 ? op.columns.map((column) => padded(column, op)) : [nothing]
  const columns = op.type === 'full' ? [...shown, side] : shown
  const halves = halvesOf(op, columns, inputs)
  const isKeyed = halves.every(({ half }) => half.isKeyed)
  const words = { left: 'LEFT JOIN', full: 'FULL JOIN', semi: 'EXISTS or IN', anti: 'NOT EXISTS or NOT IN', mark: 'EXISTS as a value' }[
    op.type
  ]
  return {
    strategy: isKeyed ? 'affected keys' : 'full',
    reason: isKeyed
      ? `${words}: a left row costs its partners, and a right row the left rows of its key`
      : `${words} without an equality between both sides: a left row meets every right row, and a right row every left row`,
    state: 'the joined rows',
    ...(isKeyed ? {} : { advice: 'join by an equality, ON left.a = right.b, with the other conditions beside it' }),
    insertOnly: op.type === 'semi' && inputs.every((input) => input.insertOnly),
    needsRows: [true, true],
    create: keptRows(columns).create,
    rows: keptRows(op.columns).rows,
    *maintain(run) {
      const [left, right] = run.inputs
      if (!left || !right || !(left.isChanged || right.isChanged)) return false
      if (run.isFirst) {
        const first = halves.map(({ half, as, isMirrored }) =>
          as(isMirrored ? half.select(right.rows(), left.rows()) : half.select(left.rows(), right.rows()), ''),
        )
        yield `INSERT INTO ${run.table} ${first.join(' UNION ALL ')}`
        return false
      }
      const changes: HalfChange[] = []
      for (const { half, as, isMirrored } of halves) {
        const change = yield* isMirrored ? half.change(run, right, left) : half.change(run, left, right)
        changes.push({ ...change, ...(change.comes ? { comes: as(change.comes, ', _w') } : {}) })
      }
      const comes = changes.flatMap((change) => change.comes ?? [])
      const kept = changes.flatMap((change) => change.kept ?? [])
      if (comes.length === 0 && kept.length === 0) return false
      return yield* writeDifference(run, {
        columns,
        comes: comes.length > 0 ? comes.join(' UNION ALL ') : `SELECT ${ids(columns)}, 1 AS _w FROM ${run.table} WHERE FALSE`,
        ...(kept.length > 0 ? { kept: kept.join(' UNION ALL ') } : {}),
        mayTake: changes.some((change) => change.mayTake),
        shown: op.type === 'full' ? shown : columns,
      })
    },
  }
}

const side: Col = { id: '_side', type: 'TINYINT', nullable: false }

/** A join fills the side without a partner with NULLs, whatever its input promises. */
function padded(column: Col, op: Outer): Col {
  const isOwn = op.left.columns.some((one) => one.id === column.id) || column.id === op.mark?.id
  return { ...column, nullable: column.nullable || op.type === 'full' || !isOwn }
}

interface Placed {
  readonly half: Half
  /** Its left side is the operator's right side. */
  readonly isMirrored: boolean
  /** SELECT of all kept columns, and what is named beside them, from the half's own rows. */
  as(select: string, more: string): string
}

function halvesOf(op: Outer, columns: readonly Col[], inputs: readonly Traits[]): readonly Placed[] {
  const onlyGrows = (i: number) => inputs[i]?.insertOnly === true
  if (op.type !== 'full') {
    const as = (select: string, more: string) => `SELECT ${ids(columns)}${more} FROM (${select})`
    return [{ half: halfOf(op, { columns }, onlyGrows(0)), isMirrored: false, as }]
  }
  const joined: Outer = { ...op, type: 'left' }
  const alone: Outer = { kind: 'outer', type: 'anti', left: op.right, right: op.left, on: op.on, columns: op.right.columns }
  const isLeft = (column: Col) => op.left.columns.some((one) => one.id === column.id)
  const cells = op.columns.map((column) => (isLeft(column) ? `CAST(NULL AS ${column.type}) AS ${ident(column.id)}` : ident(column.id)))
  return [
    {
      half: halfOf(joined, { columns, where: '_side = 0' }, onlyGrows(0)),
      isMirrored: false,
      as: (select, more) => `SELECT ${ids(op.columns)}, 0 AS _side${more} FROM (${select})`,
    },
    {
      half: halfOf(alone, { columns, where: '_side = 1' }, onlyGrows(1)),
      isMirrored: true,
      as: (select, more) => `SELECT ${cells.join(', ')}, 1 AS _side${more} FROM (${select})`,
    },
  ]
}
