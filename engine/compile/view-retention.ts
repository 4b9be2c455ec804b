import { EvertError } from '../../errors.ts'
import { eventTimeProblem, readPeriod } from '../model/declare/retention.ts'
import type { Retention } from '../model/types.ts'
import { hasPlace, type Relation } from './relations.ts'
import type { Read } from './resolve.ts'

/**
 * What a view reads, under `WITH (retention = '90 days', event_time = 'dateTime')`: for this view alone, all streams that it
 * reads itself have that retention, beside their own. Throws `sql-invalid`.
 */
export function readsWithin(file: string, options: ReadonlyMap<string, string>, reads: readonly Read[]): readonly Read[] {
  const [wanted, by] = [options.get('retention'), options.get('event_time')]
  if (wanted === undefined && by === undefined) return reads
  const fail = (message: string): never => {
    throw new EvertError('sql-invalid', `${file}: WITH (retention …): ${message}`, { details: { file } })
  }
  if (wanted === undefined || by === undefined)
    return fail(
      `${wanted === undefined ? 'event_time stands without retention' : 'retention stands without event_time'}. Both are needed: retention = '90 days', event_time = 'the field of the event time'.`,
    )
  const period = readPeriod(wanted)
  if (typeof period === 'string') return fail(`${period}.`)
  if (!reads.some((read) => hasPlace(read.relation)))
    return fail('the view reads no stream itself. Give the retention to the views that read the streams, or to the streams.')
  return reads.map((read) => {
    if (!hasPlace(read.relation)) return read
    const all = read.relation.whole ?? read.relation
    const fields = all.columns.map(({ name, type }) => ({ name, type, required: all.required?.has(name) === true }))
    const name = fields.find((field) => field.name.toLowerCase() === by.toLowerCase())?.name ?? by
    const problem = eventTimeProblem(fields, name)
    if (problem !== undefined)
      return fail(
        `the event_time '${by}' ${problem} in the stream ${all.name}. Name a required field that all event types of all streams have which the view reads: ${fields.map((field) => field.name).join(', ')}.`,
      )
    return { ...read, relation: within(read.relation, { by: name, ...period }) }
  })
}

/** Of two periods by one field the shorter holds. */
function within(relation: Relation, own: Retention): Relation {
  const others = relation.retention ?? []
  const same = others.find((one) => one.by === own.by)
  const tighter = same && same.seconds <= own.seconds ? same : own
  return { ...relation, retention: [...others.filter((one) => one !== same), tighter] }
}
