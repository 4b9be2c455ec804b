/** Appends one after the other and says so, for a trace of its system calls. */

import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import { batchOf } from '../conformance/log-events.ts'

const log = await openEmbeddedLog(process.argv[2] ?? '')
await log.createTopic('durable')
for (let i = 0; i <= 5; i++) {
  await log.append([batchOf('durable', 0, [{ value: 'v'.repeat(i * 3_000), type: 'T', key: null }])])
  process.stdout.write('acknowledged\n')
}
await log.close()
