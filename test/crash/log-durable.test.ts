import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bundleTs, runShell } from '../support/child.ts'

/**
 * A power cut cannot be tried here, so the order of the system calls is looked at: between an append's writes and its
 * acknowledgement the data is synced, and the root that makes it visible is written after that sync, durably itself.
 */
it('an append is acknowledged, and visible, only after its bytes are synced', async () => {
  const { code } = await runShell('strace -V >/dev/null 2>&1', ['sh'])
  if (code !== 0) {
    const missing = 'test/crash/log-durable.test.ts needs strace to see the order of system calls (apt-get install strace).'
    if (process.env.CI === 'true') throw new Error(missing)
    console.warn(missing)
    return
  }
  const dir = await mkdtemp(join(tmpdir(), 'evert-durable-'))
  try {
    const trace = join(dir, 'trace')
    const script = await bundleTs('test/crash/log-durable-child.ts')
    const run = await runShell(
      `exec strace -f -e trace=openat,pwrite64,pwritev,writev,fsync,fdatasync,write -s 64 -o "$0" "$1" "$2" "$3"`,
      [trace, process.execPath, script, join(dir, 'log')],
    )
    expect(run.code, run.errors).toBe(0)
    const events = steps(await readFile(trace, 'utf8'))
    // Per append, between two acknowledgements: data, sync, root. Nothing is written behind the root.
    const appends = events.split('A').slice(1, -1)
    expect(appends).toHaveLength(5)
    for (const append of appends) expect(append).toMatch(/^D+SR$/)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

/** D: data written, S: synced, R: root written through the descriptor that syncs itself, A: acknowledged. */
function steps(trace: string): string {
  const durable = new Set<string>()
  const plain = new Set<string>()
  let text = ''
  for (const line of trace.split('\n')) {
    const opened = /openat\(.*data\.mdb", ([A-Z_|]+).*= (\d+)/.exec(line)
    if (opened) (/O_D?SYNC/.test(opened[1] as string) ? durable : plain).add(opened[2] as string)
    const called = /(pwrite64|pwritev|writev|fsync|fdatasync|write)\((\d+)/.exec(line)
    if (!called) continue
    const [, call, descriptor = ''] = called
    if (call === 'write') text += line.includes('acknowledged') ? 'A' : ''
    else if (call === 'fsync' || call === 'fdatasync') text += plain.has(descriptor) ? 'S' : ''
    else if (durable.has(descriptor)) text += 'R'
    else if (plain.has(descriptor)) text += 'D'
  }
  return text
}
