import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { caughtUp } from '../../test/crash/support/engine-child.ts'
import { append, rows, startHere, withFiles } from '../../test/crash/support/here.ts'
import type { TempProject } from '../../test/crash/support/project.ts'
import { sales, till } from '../../test/crash/support/till.ts'

let project: TempProject

beforeEach(() => {
  project = till()
})
afterEach(() => project.destroy())

/** Events in the log, and views that stand on disk. */
async function kept(): Promise<void> {
  await append(project, 'sales', sales([1, 2, 3]))
  await upToDate()
}

async function upToDate(): Promise<void> {
  const here = await startHere(project)
  try {
    await caughtUp(here.service)
  } finally {
    await here.stop()
  }
}

describe('files without an engine', () => {
  test('a DuckDB file that cannot be read is left where it is, and the error says who mends it', async () => {
    await kept()
    writeFileSync(project.views, Buffer.alloc(20_000, 'garbage'))
    await expect(withFiles(project, (service) => service.replay('totals'))).rejects.toMatchObject({
      code: 'store-unreadable',
      message: expect.stringContaining('evert run'),
    })
    expect(readdirSync(project.dataDir).filter((name) => name.includes('unreadable'))).toEqual([])
    await upToDate()
    expect(await withFiles(project, (service) => rows(service, 'totals'))).toEqual(['a 4', 'b 2'])
    expect(readdirSync(project.dataDir).filter((name) => name.includes('unreadable'))).toHaveLength(1)
  })

  test('views of another log are not answered from', async () => {
    await kept()
    const [log, own] = [join(project.dataDir, 'log'), join(project.root, 'own')]
    renameSync(log, own)
    await append(project, 'sales', sales([7]))
    await expect(withFiles(project, (service) => service.status())).rejects.toMatchObject({ code: 'position-mismatch' })
    rmSync(log, { recursive: true })
    renameSync(own, log)
    expect(await withFiles(project, (service) => rows(service, 'totals'))).toEqual(['a 4', 'b 2'])
  })
})
