/** `npx jiti test/house/complete-lock.ts`: names the missing packages of other platforms in package-lock.json. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { complete, incomplete, type Lock } from './lock.ts'
import { root } from './source-files.ts'

const place = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(place, 'utf8')) as Lock
const before = incomplete(lock).length
if (before > 0) writeFileSync(place, `${JSON.stringify(complete(lock), null, 2)}\n`)
console.log(`package-lock.json: ${before} packages were missing`)
