/** A process beside the test's: appends to, or follows, the log that a driver opens. Speaks one JSON line per event. */

import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'

const [place = '', task = '', topic = '', ...rest] = process.argv.slice(2)

const log = await openEmbeddedLog(place)
if (task === 'append') await append(log, topic, rest[0] ?? '', Number(rest[1]))
if (task === 'follow') await follow(log, topic, Number(rest[0]))
await log.close()

/** Appends `count` events one after the other once a line arrives, named `prefix-0` and on, and prints each acknowledgement. */
async function append(log: Log, topic: string, prefix: string, count: number): Promise<void> {
  console.log('ready')
  await once(createInterface({ input: process.stdin }), 'line')
  // An open pipe would keep the process alive.
  process.stdin.destroy()
  for (let i = 0; i < count; i++) {
    const name = `${prefix}-${i}`
    const result = await log.append([
      { topic, partition: 0, count: 1, values: Buffer.from(JSON.stringify(name)), types: ['Named'], keys: [prefix] },
    ])
    if (result.ok) console.log(JSON.stringify({ name, offset: String(result.batches[0]?.first) }))
  }
}

/** Prints each value of partition 0 as soon as it is there, with the milliseconds since 1970 at which it was. */
async function follow(log: Log, topic: string, count: number): Promise<void> {
  console.log('ready')
  let offset = 0n
  for (let seen = 0; seen < count; ) {
    const chunk = await log.read(topic, 0, offset)
    if (!chunk) {
      await log.wait(new Map([[topic, [offset]]]))
      continue
    }
    const at = performance.timeOrigin + performance.now()
    for (const value of Buffer.from(chunk.values).toString().split('\x1e')) console.log(JSON.stringify({ value: JSON.parse(value), at }))
    seen += chunk.count
    offset = chunk.next
  }
}
