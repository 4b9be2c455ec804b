import { sqlTypeText } from '../schema/sql-type.ts'
import type { EventType, Origin, Retention } from '../types.ts'
import { declarationInvalid } from './origin.ts'

const seconds = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800 } as const

/** A hundred years: beyond it the bound could leave what a TIMESTAMP can say. */
const secondsMax = 36_500 * 86_400

const times: ReadonlySet<string> = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'])

/** `90 days`, with its length; a text that says why not. Months and years have no one length and are refused. */
export function readPeriod(text: unknown): Omit<Retention, 'by'> | string {
  const wanted = "wanted a whole number of seconds, minutes, hours, days or weeks above 0, such as '90 days'"
  const found = typeof text === 'string' ? /^\s*(\d{1,12})\s*(second|minute|hour|day|week)s?\s*$/i.exec(text) : null
  if (found === null) return `its period is ${JSON.stringify(text)}, ${wanted}`
  const unit = (found[2] as string).toLowerCase() as keyof typeof seconds
  const count = Number(found[1])
  const length = count * seconds[unit]
  if (count === 0) return `its period is ${JSON.stringify(text)}, ${wanted}`
  if (length > secondsMax) return `its period is ${JSON.stringify(text)}, wanted at most 36500 days`
  return { period: `${count} ${unit}s`, seconds: length }
}

interface Timed {
  readonly name: string
  readonly type: string
  readonly required: boolean
}

/** Why a field cannot be the event time of events with these fields (`is missing`), or undefined. */
export function eventTimeProblem(fields: readonly Timed[], by: string): string | undefined {
  const field = fields.find((each) => each.name === by)
  if (field === undefined) return 'is missing'
  if (!times.has(field.type)) return `is ${field.type}, wanted DATE, TIMESTAMP or TIMESTAMPTZ,`
  return field.required ? undefined : 'is not required'
}

/** A stream's retention; throws `declaration-invalid`. */
export function retentionOf(origin: Origin, what: string, wanted: { by: string; period: string }, types: readonly EventType[]): Retention {
  const period = readPeriod(wanted.period)
  if (typeof period === 'string') throw declarationInvalid(origin, `${what}: retention: ${period}`)
  for (const type of types) {
    const problem = eventTimeProblem(
      type.fields.map((field) => ({ ...field, type: sqlTypeText(field.type) })),
      wanted.by,
    )
    if (problem !== undefined)
      throw declarationInvalid(
        origin,
        `${what}: its retention's field '${wanted.by}' ${problem} in event type ${type.name}. Every event has an event time: name a required field that all event types have`,
      )
  }
  return { by: wanted.by, ...period }
}
