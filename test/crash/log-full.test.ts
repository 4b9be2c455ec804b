import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import { readAll } from '../conformance/log-events.ts'
import { bundleTs, runShell } from '../support/child.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evert-full-log-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

it('no room: the append fails as one that may be tried again, what was acknowledged stands, and the log goes on', async () => {
  const script = await bundleTs('test/crash/log-full-child.ts')
  // A limit on the file's size (in 512-byte blocks) instead of a full disk: the write fails half-way, as it does there.
  const { code, output, errors } = await runShell(`trap '' XFSZ; ulimit -f 9000; exec "$0" "$1" "$2"`, [process.execPath, script, dir])
  const lines = output.trim().split('\n')
  const refused = lines.findIndex((line) => line !== 'written')
  expect(refused, errors).toBeGreaterThan(1)
  // LMDB calls the short write that comes first an I/O error; which of the two codes it is depends on the room on the disk.
  expect(lines[refused]).toMatch(/^log-(full|unreadable) true$/)
  expect(lines.slice(refused + 1)).toEqual(['written', `readable ${refused + 1}`])
  expect(code).toBe(0)
  const log = await openEmbeddedLog(dir)
  expect((await readAll(log, 'full', 0)).map(({ value }) => value?.length)).toEqual([...new Array<number>(refused).fill(1 << 20), 5])
  await log.close()
})
