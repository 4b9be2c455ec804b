import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { limits } from '../../limits.ts'
import { checkFile } from './support/check-warehouse.ts'
import { caughtUp, type EngineChild, rowsOf, startChild } from './support/engine-child.ts'
import { append, withFiles } from './support/here.ts'
import { type TempProject, tempProject } from './support/project.ts'
import { viewFile } from './support/till.ts'

/** An engine that is killed where a view that has outgrown its plan goes over to parts: it is kept as it was or in parts, and right. */
const points = ['swap-before-announce', 'swap-after-announce', 'swap-after-commit'] as const

const perTown = 'SELECT town, sum(amount) AS total FROM sales GROUP BY town'
const select = `SELECT t.country, max(s.total) AS best, count(*) AS n FROM towns AS t LEFT JOIN (${perTown}) AS s ON s.town = t.town GROUP BY t.country`
const pipeline = `import { table } from 'evert'
import { z } from 'zod'
export const sales = table('sales', { key: 'id', row: z.object({ id: z.int32(), town: z.int32(), amount: z.int32() }) })
export const towns = table('towns', { key: 'town', row: z.object({ town: z.int32(), country: z.string() }) })
`
const rows = limits.recomputeRowsMax * 2

let project: TempProject | undefined
const children: EngineChild[] = []
afterEach(async () => {
  for (const child of children.splice(0)) if (child.isAlive()) await child.kill()
  project?.destroy()
  project = undefined
})

function made(): TempProject {
  const one = tempProject({
    'pipelines/p.ts': pipeline,
    ...viewFile('per_country', select),
    ...viewFile('bests', 'SELECT best, count(*) AS n FROM per_country GROUP BY best'),
    'evert.config.ts': `export default { logLevel: 'info', duckdb: { threads: 2, memoryLimit: '500MB' } }\n`,
  })
  project = one
  return one
}

const sale = (id: number) => ({ data: { id, town: id % 40, amount: id } })

async function started(of: TempProject, crashAt?: string): Promise<EngineChild> {
  const child = await startChild(of.root, of.dataDir, crashAt === undefined ? {} : { crashAt })
  children.push(child)
  return child
}

/** What the engine says of the view: computed anew as a whole, or kept in parts; after it was found right. */
async function strategyOf(child: EngineChild): Promise<string> {
  await child.ready
  const service = await child.service()
  try {
    await caughtUp(service)
    expect(await rowsOf(service, 'SELECT * FROM per_country ORDER BY ALL')).toEqual(await rowsOf(service, `${select} ORDER BY ALL`))
    expect(await rowsOf(service, 'SELECT * FROM bests ORDER BY ALL')).toEqual(
      await rowsOf(service, `SELECT best, count(*) AS n FROM (${select}) GROUP BY best ORDER BY ALL`),
    )
    return (await service.explain('per_country')).strategy
  } finally {
    await service.close()
  }
}

it.each(points)(
  'killed at %s: the next engines have the view right, and in parts in the end',
  async (point) => {
    const of = made()
    await append(
      of,
      'towns',
      Array.from({ length: 40 }, (_, town) => ({ data: { town, country: `c${town % 3}` } })),
    )
    await append(
      of,
      'sales',
      Array.from({ length: 50 }, (_, id) => sale(id)),
    )
    const first = await started(of)
    expect(await strategyOf(first)).toBe('full')
    expect(await first.stop()).toBe(0)
    await append(
      of,
      'sales',
      Array.from({ length: rows }, (_, n) => sale(50 + n)),
    )
    const second = await started(of, point)
    expect(await second.ended, second.log()).toMatchObject({ signal: 'SIGKILL' })
    // The view stands as it did before the kill or after the swap, and the first batch shows that it is much.
    await append(of, 'sales', [sale(1_000_000)])
    const third = await started(of)
    while ((await strategyOf(third)) === 'full') expect(third.isAlive(), third.log()).toBe(true)
    expect(await third.stop()).toBe(0)
    await checkFile(join(of.dataDir, 'views.duckdb'))
    expect(await withFiles(of, async (service) => (await service.explain('per_country')).strategy)).not.toBe('full')
  },
  120_000,
)
