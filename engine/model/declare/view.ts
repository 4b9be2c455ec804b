import { asEvertError } from '../../../errors.ts'
import { payloadOf } from '../schema/payload.ts'
import type { OutputOf, SchemaInput } from '../schema/standard-schema.ts'
import type { EventMeta, Evolve, FoldModel, State } from '../types.ts'
import { branded, declarationKind } from './brand.ts'
import { keyOf, stateOf } from './keyed.ts'
import { callerOrigin, checkName, declarationInvalid } from './origin.ts'
import type { Stream } from './stream.ts'

/** `undefined` keeps the row as it was, `null` removes it. */
export type FoldHandler<RowState, Event> = (state: RowState, event: Event, meta: EventMeta) => RowState | null | undefined

export interface ViewOptions<Events, Schema> {
  readonly from: Stream<Events, unknown>
  /** Field of the handled events that keys the rows; default the stream's key. Another key needs a stream of one partition. */
  readonly key?: string
  /** Columns of a row, beside its key. */
  readonly state: Schema
  /** A row's state before its first event. */
  readonly initial: NoInfer<OutputOf<Schema>>
  /** What each event does to its row. Pure: no clock, no random numbers, nothing from outside. */
  readonly on: { readonly [Type in keyof Events]?: FoldHandler<NoInfer<OutputOf<Schema>>, Events[Type]> }
}

/**
 * Declares a view as a fold: one row per key, kept up to date from the stream's events in their order, exactly once.
 *
 * @example
 * export const stock = view('stock', {
 *   from: shop,
 *   state: z.object({ quantity: z.int() }),
 *   initial: { quantity: 0 },
 *   on: { StockReceived: (state, event) => ({ quantity: state.quantity + event.quantity }) },
 * })
 */
export function view<Events, const Schema extends SchemaInput>(name: string, options: ViewOptions<Events, Schema>): FoldModel {
  const origin = callerOrigin()
  checkName(origin, 'view', name)
  const what = `view '${name}'`
  const { from } = options
  if (declarationKind(from) !== 'stream') throw declarationInvalid(origin, `${what}: from is not a stream. Give it what stream(…) returned`)
  const on = options.on as Readonly<Record<string, Evolve>>
  const handled = Object.keys(on).filter((type) => on[type] !== undefined)
  if (handled.length === 0)
    throw declarationInvalid(
      origin,
      `${what}: on handles no event type. Handle at least one of ${from.types.map((type) => type.name).join(', ')}`,
    )
  for (const type of handled) {
    if (!from.types.some((each) => each.name === type)) {
      throw declarationInvalid(
        origin,
        `${what}: on.${type} is no event type of stream '${from.name}'. It has ${from.types.map((each) => each.name).join(', ')}`,
      )
    }
    if (typeof on[type] !== 'function') throw declarationInvalid(origin, `${what}: on.${type} is not a function`)
  }
  const { key, keyField } = keyOf(origin, what, from, options.key, handled)
  const state = stateOf(origin, what, key, () => payloadOf(options.state))
  try {
    state.codec.encode(options.initial)
  } catch (thrown) {
    throw declarationInvalid(
      origin,
      `${what}: initial does not fit its state. ${asEvertError(thrown).message}. Give every required field a value`,
      thrown,
    )
  }
  return branded({ kind: 'fold', name, from, key, keyField, state, initial: options.initial as State, on, origin })
}
