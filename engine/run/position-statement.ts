import { text } from '../../connectors/store/quote.ts'
import type { Batch, CheckedChunk, Position, Source } from './batch.ts'
import type { Refused } from './dead-letters.ts'
import type { Statement } from './derivation.ts'

/** In the message of the error that the statement raises where a partition does not stand at the batch's beginning. */
export const positionMoved = 'position-mismatch'

/** The one UPDATE that records a batch's position and counts. It raises, in whatever form it is sent, when the position is another. */
export function positionStatement(
  sources: ReadonlyMap<string, Source>,
  batch: Batch,
  from: Position,
  refused: readonly Refused[],
  at: Date,
): Statement {
  const rows: Moved[] = []
  const committedAt = `${text(at.toISOString())}::TIMESTAMPTZ`
  for (const [name, chunks] of batch.chunks) {
    const source = sources.get(name) as Source
    for (const [partition, next] of (batch.to.get(source.topic) ?? []).entries()) {
      const before = from.get(source.topic)?.[partition] ?? 0n
      if (before === next) continue
      const own = (chunk: CheckedChunk) => chunk.chunk.partition === partition
      const events = chunks.filter(own).reduce((sum, chunk) => sum + chunk.chunk.count, 0)
      const count = (fate: Refused['fate']) =>
        refused.filter((one) => one.consumer === 'views' && one.stream === name && one.partition === partition && one.fate === fate).length
      rows.push({ topic: text(source.topic), partition, before, next, events, dead: count('dead'), skipped: count('skipped') })
    }
  }
  return rows.length > 0 && rows.length <= ladderMax ? constants(rows, committedAt) : joined(rows, committedAt)
}

/** Beyond so many partitions a join is cheaper to plan than its constants. */
const ladderMax = 8

interface Moved {
  readonly topic: string
  readonly partition: number
  readonly before: bigint
  readonly next: bigint
  readonly events: number
  readonly dead: number
  readonly skipped: number
}

/** The usual small batch is of a few partitions: constants are cheaper to plan than a join (1.0 ms instead of 1.7). */
function constants(rows: readonly Moved[], committedAt: string): Statement {
  const topics = [...new Set(rows.map((row) => row.topic))]
  const is = ({ topic, partition }: Moved) => `${topics.length > 1 ? `topic = ${topic} AND ` : ''}partition = ${partition}`
  const perRow = (value: (row: Moved) => bigint | number): string => {
    const [first, ...others] = rows.map(value)
    if (others.every((other) => other === first)) return String(first)
    return `CASE ${rows.map((row) => `WHEN ${is(row)} THEN ${value(row)}`).join(' ')} END`
  }
  const added = (name: 'events' | 'dead' | 'skipped') =>
    rows.some((row) => row[name] > 0) ? [`${name} = ${name} + ${perRow((row) => row[name])}`] : []
  const next = `CASE WHEN next = ${perRow((row) => row.before)} THEN ${perRow((row) => row.next)} ELSE error(${text(positionMoved)}) END`
  const sets = [`next = ${next}`, ...added('events'), ...added('dead'), ...added('skipped'), `committed_at = ${committedAt}`]
  const where = topics.map(
    (topic) => `(topic = ${topic} AND partition IN (${rows.flatMap((row) => (row.topic === topic ? [row.partition] : [])).join(', ')}))`,
  )
  return { sql: `UPDATE _evert.positions SET ${sets.join(', ')} WHERE ${where.join(' OR ')}`, rows: rows.length }
}

function joined(rows: readonly Moved[], committedAt: string): Statement {
  const values = rows.map(
    (row) => `(${row.topic}, ${row.partition}, ${row.before}, ${row.next}, ${row.events}, ${row.dead}, ${row.skipped})`,
  )
  return {
    sql: `UPDATE _evert.positions AS p SET next = CASE WHEN p.next = v.before THEN v.next ELSE error(${text(positionMoved)}) END, events = p.events + v.events, dead = p.dead + v.dead, skipped = p.skipped + v.skipped, committed_at = ${committedAt} FROM (VALUES ${values.join(', ')}) AS v(topic, partition, before, next, events, dead, skipped) WHERE p.topic = v.topic AND p.partition = v.partition`,
    rows: rows.length,
  }
}
