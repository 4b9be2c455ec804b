/** Appends large batches until the disk is full, then a small one; prints what came of each. */

import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import { asEvertError } from '../../errors.ts'
import { batchOf } from '../conformance/log-events.ts'

const log = await openEmbeddedLog(process.argv[2] ?? '')
await log.createTopic('full')

async function append(value: string): Promise<boolean> {
  try {
    await log.append([batchOf('full', 0, [{ value, type: 'T', key: null }])])
    console.log('written')
    return true
  } catch (error) {
    const { code, canRetry } = asEvertError(error)
    console.log(`${code} ${canRetry}`)
    return false
  }
}

for (let i = 0; i < 100; i++) if (!(await append(String(i % 10).repeat(1 << 20)))) break
await append('small')
console.log(`readable ${(await log.read('full', 0, 0n))?.count}`)
await log.close()
