/**
 * A process that appends until it is killed. Each producer appends its batches one after the other, the producers beside
 * each other, and each acknowledgement is printed when it is had: `producer sequence`.
 */

import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import { crashBatch, crashTopic } from './log-batches.ts'

const [dir = '', ...starts] = process.argv.slice(2)
const log = await openEmbeddedLog(dir)
const topic = await log.createTopic(crashTopic, { partitions: 2 })

await Promise.all(
  starts.map(async (start) => {
    const [producer = '', from = ''] = start.split(':')
    for (let sequence = Number(from); ; sequence++) {
      const result = await log.append([crashBatch(producer, sequence, topic.partitions)], { producer, sequence })
      if (result.ok) process.stdout.write(`${producer} ${sequence}\n`)
    }
  }),
)
