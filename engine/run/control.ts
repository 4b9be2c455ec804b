import { type Log, SEPARATOR } from '../../connectors/log/log.ts'

/**
 * The control topic: what a lost DuckDB file must not take along (design §8). A view's version is announced here before
 * the store swaps to it, so after a crash between the two the store follows.
 */
export const controlTopic = '_evert'

export type ControlEvent =
  | { readonly kind: 'promoted'; readonly view: string; readonly version: string; readonly source: string }
  | { readonly kind: 'removed'; readonly view: string }

export async function announce(log: Log, events: readonly ControlEvent[]): Promise<void> {
  if (events.length === 0) return
  await log.createTopic(controlTopic, { partitions: 1 })
  const values = Buffer.from(events.map((event) => JSON.stringify(event)).join(String.fromCharCode(SEPARATOR)))
  await log.append([{ topic: controlTopic, partition: 0, count: events.length, values, types: ['control'] }])
}

/** The version that each view was last promoted to, according to the log. */
export async function promotedVersions(log: Log): Promise<ReadonlyMap<string, string>> {
  await log.createTopic(controlTopic, { partitions: 1 })
  const promoted = new Map<string, string>()
  for (let offset = 0n; ; ) {
    const chunk = await log.read(controlTopic, 0, offset)
    if (!chunk) return promoted
    for (const text of Buffer.from(chunk.values).toString('utf8').split(String.fromCharCode(SEPARATOR))) {
      const event = JSON.parse(text) as ControlEvent
      if (event.kind === 'promoted') promoted.set(event.view, event.version)
      else if (event.kind === 'removed') promoted.delete(event.view)
    }
    offset = chunk.next
  }
}
