import { asEvertError } from '../../../errors.ts'
import { payloadOf } from '../schema/payload.ts'
import type { OutputOf, SchemaInput } from '../schema/standard-schema.ts'
import type { EventMeta, Evolve, Handle, Origin, ProcessorModel, State, StreamModel } from '../types.ts'
import { branded, declarationKind } from './brand.ts'
import { keyOf, stateOf } from './keyed.ts'
import { callerOrigin, checkName, declarationInvalid } from './origin.ts'
import type { EventsOf, InputsOf, Stream } from './stream.ts'

type One<To> = To extends readonly (infer Each)[] ? Each : To
type Union<Each> = (Each extends unknown ? (each: Each) => void : never) extends (all: infer All) => void ? All : never

/** The payloads of all streams that a processor appends to, by event type. */
type Emitted<To> = Union<One<To> extends infer Each ? (Each extends unknown ? EventsOf<Each> : never) : never>

/** An event that a handler returns: one of the event types of the streams in `to`. */
export type OutputEvent<To> =
  One<To> extends infer Each ? (Each extends unknown ? (InputsOf<Each> extends infer Inputs ? OneOf<Inputs> : never) : never) : never
type OneOf<Inputs> = {
  [Type in keyof Inputs & string]: { readonly stream?: string; readonly type: Type; readonly data: Inputs[Type] }
}[keyof Inputs & string]

/** By the bare names of what it emits the type checker sees literals, and refuses what is not in `emits`. */
type BareName<Emit> = Emit extends `${string}.${infer Type}` ? Type : Emit
type Returned<To, Emit> = OutputEvent<To> & { readonly type: BareName<Emit> }
type StateOf<Schema> = [Schema] extends [SchemaInput] ? (unknown extends OutputOf<Schema> ? State : OutputOf<Schema>) : State

type HandleOf<Event, RowState, To, Emit> = (
  event: Event,
  state: RowState,
  meta: EventMeta,
) => Returned<To, Emit> | readonly Returned<To, Emit>[] | null | undefined
type EvolveOf<RowState, Event> = (state: RowState, event: Event, meta: EventMeta) => RowState | null | undefined

export interface ProcessorOptions<Events, To, Emit extends string, Schema> {
  readonly from: Stream<Events, unknown>
  /** The stream or streams that it appends to. */
  readonly to: To
  /** The event types that it appends, as `Type`, or `stream.Type` where two of the streams have one. */
  readonly emits: readonly Emit[]
  /** Field of the handled events that keys the state; default the stream's key. */
  readonly key?: string
  readonly state?: Schema
  readonly initial?: NoInfer<StateOf<Schema>>
  /** May look at anything; runs once for each event, and never in a replay. */
  readonly handle: { readonly [Type in keyof Events]?: HandleOf<Events[Type], NoInfer<StateOf<Schema>>, To, Emit> }
  /** Changes the state, purely, from inputs and from the processor's own outputs. */
  readonly evolve?: {
    readonly [Type in keyof Events | keyof Emitted<To>]?: EvolveOf<NoInfer<StateOf<Schema>>, (Events & Emitted<To>)[Type]>
  }
}

/**
 * Declares a processor: a function from events of one stream to events of others, exactly once.
 *
 * @example
 * export const validate = processor('validate_orders', {
 *   from: shop,
 *   to: shop,
 *   emits: ['OrderValidated', 'OrderRejected'],
 *   state: z.object({ available: z.int() }),
 *   initial: { available: 0 },
 *   handle: {
 *     OrderRequested: (order, stock) => ({ type: order.quantity <= stock.available ? 'OrderValidated' : 'OrderRejected', data: order }),
 *   },
 *   evolve: {
 *     StockReceived: (stock, event) => ({ available: stock.available + event.quantity }),
 *     OrderValidated: (stock, event) => ({ available: stock.available - event.quantity }),
 *   },
 * })
 */
export function processor<
  Events,
  const To extends StreamModel | readonly StreamModel[],
  const Emit extends string,
  const Schema extends SchemaInput,
>(
  name: string,
  options: ProcessorOptions<Events, To, Emit, Schema> & { readonly emits: readonly (OutputEvent<To>['type'] | `${string}.${string}`)[] },
): ProcessorModel {
  const origin = callerOrigin()
  checkName(origin, 'processor', name)
  const what = `processor '${name}'`
  const from: StreamModel = options.from
  const to: readonly StreamModel[] = Array.isArray(options.to) ? (options.to as readonly StreamModel[]) : [options.to as StreamModel]
  if (declarationKind(from) !== 'stream') throw declarationInvalid(origin, `${what}: from is not a stream. Give it what stream(…) returned`)
  if (to.length === 0 || to.some((each) => declarationKind(each) !== 'stream'))
    throw declarationInvalid(origin, `${what}: to is not a stream or a list of streams. Give it what stream(…) returned`)
  const handle = options.handle as Readonly<Record<string, Handle>>
  const evolve = (options.evolve ?? {}) as Readonly<Record<string, Evolve>>
  const emits = options.emits.map((type) => resolveEmit(origin, what, to, type))
  checkHandled(origin, what, from, handle, emits)
  checkEvolved(origin, what, from, evolve, emits)
  const inputs = [...Object.keys(handle), ...Object.keys(evolve)].filter((type) => from.types.some((each) => each.name === type))
  const stateless = { key: undefined, keyField: undefined, state: undefined, initial: {} }
  const keyed =
    options.state === undefined
      ? stateless
      : readState(origin, what, from, options as ProcessorOptions<unknown, unknown, string, SchemaInput>, inputs)
  if (options.state === undefined && Object.keys(evolve).length > 0)
    throw declarationInvalid(origin, `${what}: it has evolve and no state. Declare state and initial, or drop evolve`)
  return branded({ kind: 'processor', name, from, to, emits, ...keyed, handle, evolve, origin })
}

function resolveEmit(origin: Origin, what: string, to: readonly StreamModel[], emit: string): string {
  const found = to
    .flatMap((stream) => stream.types.map((type) => [`${stream.name}.${type.name}`, type.name] as const))
    .filter((names) => names.includes(emit))
  const [only] = found
  const known = to.flatMap((stream) => stream.types.map((type) => `${stream.name}.${type.name}`)).join(', ')
  if (only === undefined)
    throw declarationInvalid(origin, `${what}: emits '${emit}', which is no event type of the streams in to. They have ${known}`)
  if (found.length > 1)
    throw declarationInvalid(
      origin,
      `${what}: emits '${emit}', which ${found.length} of the streams in to have. Write ${found.map((names) => `'${names[0]}'`).join(' or ')}`,
    )
  return only[0]
}

function checkHandled(
  origin: Origin,
  what: string,
  from: StreamModel,
  handle: Readonly<Record<string, Handle>>,
  emits: readonly string[],
): void {
  const known = from.types.map((type) => type.name)
  if (Object.keys(handle).length === 0)
    throw declarationInvalid(origin, `${what}: handle handles no event type. Handle at least one of ${known.join(', ')}`)
  for (const [type, handler] of Object.entries(handle)) {
    if (!known.includes(type))
      throw declarationInvalid(origin, `${what}: handle.${type} is no event type of stream '${from.name}'. It has ${known.join(', ')}`)
    if (typeof handler !== 'function') throw declarationInvalid(origin, `${what}: handle.${type} is not a function`)
    if (emits.includes(`${from.name}.${type}`)) {
      throw declarationInvalid(
        origin,
        `${what}: it handles ${type} of stream '${from.name}' and emits it, so it would feed itself for ever. Emit another event type, or do not handle ${type}`,
      )
    }
  }
}

function checkEvolved(
  origin: Origin,
  what: string,
  from: StreamModel,
  evolve: Readonly<Record<string, Evolve>>,
  emits: readonly string[],
): void {
  const inputs = from.types.map((type) => `${from.name}.${type.name}`)
  const places = [...new Set([...inputs, ...emits])]
  for (const [type, handler] of Object.entries(evolve)) {
    const found = places.filter((place) => place.endsWith(`.${type}`))
    if (found.length === 0)
      throw declarationInvalid(
        origin,
        `${what}: evolve.${type} is neither an event type of stream '${from.name}' nor emitted. Known are ${places.join(', ')}`,
      )
    if (found.length > 1)
      throw declarationInvalid(origin, `${what}: evolve.${type} may be ${found.join(' or ')}. Rename one of the event types`)
    if (typeof handler !== 'function') throw declarationInvalid(origin, `${what}: evolve.${type} is not a function`)
  }
}

function readState(
  origin: Origin,
  what: string,
  from: StreamModel,
  options: ProcessorOptions<unknown, unknown, string, SchemaInput>,
  inputs: readonly string[],
) {
  const { key, keyField } = keyOf(origin, what, from, options.key, [...new Set(inputs)])
  const state = stateOf(origin, what, key, () => payloadOf(options.state as SchemaInput))
  try {
    state.codec.encode(options.initial)
  } catch (thrown) {
    throw declarationInvalid(
      origin,
      `${what}: initial does not fit its state. ${asEvertError(thrown).message}. Give every required field a value`,
      thrown,
    )
  }
  return { key, keyField, state, initial: options.initial as State }
}
