/**
 * Appends bursts while it is asked to and tells each that was acknowledged: `more 20` on standard input, then 20 lines with
 * the burst that is now durable. A process of its own, so that the engine's death does not touch it.
 */
import { createInterface } from 'node:readline'
import { loadProject } from '../../../engine/model/load/load-project.ts'
import { createAppender } from '../../../engine/run/append.ts'
import { openLog } from '../../../engine/serve/open-log.ts'
import { burstOf, newEvents } from './traffic.ts'

const [root = '', seed = ''] = process.argv.slice(2)
const project = await loadProject(root, { env: {} })
const log = await openLog(project)
const streams = [...project.streams.values(), ...project.tables.values()]
const appender = createAppender(log, streams)
for (const { topic, partitions, versions } of streams) await log.createTopic(topic, { partitions, versions })
console.log('ready')

let number = 0
for await (const line of createInterface({ input: process.stdin })) {
  for (let left = Number(line.split(' ')[1]); left > 0; left--) {
    const burst = burstOf(Number(seed), number++)
    if (burst.stream === 'garbage') {
      const { partition, texts } = burst
      await log.append([{ topic: 'moves', partition, count: texts.length, values: Buffer.from(texts.join('\x1e')), types: ['Put'] }])
    } else await appender.append(burst.stream, newEvents(burst))
    console.log(JSON.stringify(burst))
  }
}
await log.close()
