import { parseArgs } from 'node:util'

export const modes = ['backlog', 'live', 'curve', 'latency', 'hot'] as const
export type Mode = (typeof modes)[number]

/** What the command line asks for. */
export interface Options {
  readonly mode: Mode
  /** Empty: all of them. */
  readonly queries: readonly string[]
  readonly events: number
  /** At most so many events in one transaction; undefined: as the project is configured. */
  readonly batch: number | undefined
  /** Small batches of the mode latency. */
  readonly batches: number
  readonly permuted: boolean
  /** Bytes of nobody's, without the mark of a validated batch: the engine checks each value. */
  readonly foreign: boolean
  readonly seed: number
  readonly rate: number
  readonly threads: number | undefined
  readonly memory: string | undefined
  /** Whether the time of each statement is told. */
  readonly profile: boolean
  readonly json: boolean
  /** A file of other systems' rates: `{ "name": { "q0": 570000 } }`. */
  readonly peers: string | undefined
  /** Whether what the views cannot do without is written, to compare their state with. */
  readonly needed: boolean
  /** A folder in which the events are kept for the next run. */
  readonly keep: string | undefined
}

export const usage = `npm run bench nexmark -- [options]
  --mode MODE      backlog (default): events wait, the view is new
                   live: small batches, each committed
                   curve: live, with the time of an event around 1M, 5M and in the last tenth
                   latency: small batches into large state
                   hot: live, twice: all bids name four ids, or any of 100,000; the rates and hot / cold, wanted at least 1
  --queries LIST   q0,q3; default all 20
  --events N       default 1,000,000; curve and latency 20,000,000
  --batch N        events in one transaction at most; default 10,000, in the mode backlog as the project is configured
  --batches N      small batches of the mode latency; default 10,000
  --permuted       ids without locality
  --foreign        events without the mark of validation: each is checked in full
  --seed N --rate N   of the events; default 1 and 10,000 a second
  --threads N --memory SIZE   of the engine's DuckDB; default as the project is configured
  --needed         state / needed above 5,000,000 events as well: the state on disk to what the view cannot do without, its rows
                   and the history that it needs, each as a plain table of a fresh DuckDB file; wanted at most 3
  --profile        the time of each statement
  --peers FILE     other systems' rates, { "name": { "q0": 570000 } }: prints ratios
  --keep DIR       keeps the events there for the next run
  --json           a line of JSON a query`

/** Writing it takes its time; above so many events it is done when asked for. */
const neededEventsMax = 5_000_000

/** Throws with a message for people when an option is not known or does not fit. */
export function readOptions(args: readonly string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { type: 'string', default: 'backlog' },
      ...{ queries: text, events: text, batch: text, batches: text, seed: text, rate: text },
      ...{ threads: text, memory: text, peers: text, keep: text },
      ...{ permuted: flag, foreign: flag, profile: flag, json: flag, needed: flag },
    },
  })
  const mode = modes.find((known) => known === values.mode)
  if (mode === undefined) throw new Error(`--mode is ${values.mode}, wanted one of ${modes.join(', ')}`)
  const long = mode === 'curve' || mode === 'latency'
  const events = whole('events', values.events) ?? (long ? 20_000_000 : 1_000_000)
  const showsNeeded = mode === 'backlog' || mode === 'live' || mode === 'curve'
  return {
    mode,
    queries: values.queries?.split(',').filter((name) => name !== '') ?? [],
    events,
    batch: whole('batch', values.batch) ?? (mode === 'backlog' ? undefined : 10_000),
    batches: whole('batches', values.batches) ?? 10_000,
    seed: whole('seed', values.seed) ?? 1,
    rate: whole('rate', values.rate) ?? 10_000,
    threads: whole('threads', values.threads),
    memory: values.memory,
    peers: values.peers,
    keep: values.keep,
    needed: showsNeeded && (values.needed || events <= neededEventsMax),
    permuted: values.permuted,
    foreign: values.foreign,
    profile: values.profile,
    json: values.json,
  }
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text.replaceAll(/[,_]/g, ''))
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} is ${text}, wanted a whole number above 0`)
  return value
}
