import { afterEach, beforeEach, expect, test } from 'vitest'
import { caughtUp, rowsOf } from '../../test/crash/support/engine-child.ts'
import { append, type Here, rows, startHere, withFiles } from '../../test/crash/support/here.ts'
import { type TempProject, tempProject } from '../../test/crash/support/project.ts'
import { viewFile } from '../../test/crash/support/till.ts'

const pipeline = (period: string) => `import { sql, stream, view } from 'evert'
import { z } from 'zod'
export const bids = stream('bids', {
  key: 'item',
  events: { Made: z.object({ item: z.string(), on: sql.date() }), Gone: z.object({ item: z.string(), on: sql.date(), why: z.string() }) },
  retention: { by: 'on', period: '${period}' },
})
export const seen = view('seen', {
  from: bids,
  state: z.object({ n: z.int() }),
  initial: { n: 0 },
  on: { Made: ({ n }) => ({ n: n + 1 }) },
})
`
const made = (item: string, day: string) => ({ type: 'Made', data: { item, on: `2024-01-${day}` } })
const gone = (item: string, day: string) => ({ type: 'Gone', data: { item, on: `2024-01-${day}`, why: 'sold' } })

let project: TempProject
beforeEach(() => {
  project = tempProject({
    'pipelines/bids.ts': pipeline('7 days'),
    ...viewFile('items', 'SELECT item, count(*) AS n FROM bids GROUP BY item'),
    ...viewFile(
      'steps',
      'WITH RECURSIVE r AS (SELECT min("on") AS d FROM bids UNION ALL SELECT CAST(d + 1 AS DATE) FROM r WHERE d < (SELECT max("on") FROM bids)) SELECT d FROM r',
    ),
  })
})
afterEach(() => project.destroy())

async function within(use: (here: Here) => Promise<void>): Promise<void> {
  const here = await startHere(project)
  try {
    await caughtUp(here.service)
    await use(here)
  } finally {
    await here.stop()
  }
}

const asked = async ({ service }: Here, text: string) => (await rowsOf(service, text)).map((row) => row.join(' ')).sort()

test('views and queries see the period and the fold every event; another period asks for a replay, which brings events back', async () => {
  await append(project, 'bids', [made('a', '01'), made('b', '05'), made('a', '09'), gone('b', '02')])
  await within(async (here) => {
    expect(await rows(here.service, 'items')).toEqual(['a 1', 'b 2'])
    expect(await rows(here.service, 'seen')).toEqual(['a 2', 'b 1'])
    expect(await asked(here, 'SELECT item, "on" FROM bids')).toEqual(['a 2024-01-09', 'b 2024-01-02', 'b 2024-01-05'])
    expect(await asked(here, 'SELECT item, _offset FROM bids.Made')).toEqual(['a 2', 'b 1'])
    expect(await asked(here, 'SELECT min(d) AS d FROM steps')).toEqual(['2024-01-02'])
    await append(project, 'bids', [gone('c', '12')])
    await caughtUp(here.service)
    expect(await rows(here.service, 'items')).toEqual(['a 1', 'b 1', 'c 1'])
    expect(await asked(here, 'SELECT count(*) AS n FROM bids.Made')).toEqual(['2'])
  })
  project.write({ 'pipelines/bids.ts': pipeline('8 days') })
  await expect(startHere(project)).rejects.toMatchObject({ code: 'definition-changed', message: expect.stringContaining('evert replay') })
  for (const view of ['items', 'steps', 'seen']) await withFiles(project, (service) => service.replay(view))
  await within(async (here) => {
    expect(await rows(here.service, 'items')).toEqual(['a 1', 'b 1', 'c 1'])
    expect(await asked(here, 'SELECT min(d) AS d FROM steps')).toEqual(['2024-01-05'])
  })
  project.write({ 'pipelines/bids.ts': pipeline('2 weeks') })
  for (const view of ['items', 'steps', 'seen']) await withFiles(project, (service) => service.replay(view))
  await within(async (here) => {
    expect(await rows(here.service, 'items')).toEqual(['a 2', 'b 2', 'c 1'])
    expect(await asked(here, 'SELECT min(d) AS d FROM steps')).toEqual(['2024-01-01'])
    expect(await asked(here, 'SELECT count(*) AS n FROM bids')).toEqual(['5'])
  })
})

test('without history a query decodes the log, and sees the same', async () => {
  project.remove('sql/views/steps.sql')
  await append(project, 'bids', [made('a', '01'), made('b', '05'), made('a', '09'), gone('b', '02')])
  await within(async (here) => {
    expect(await asked(here, 'SELECT item FROM bids')).toEqual(['a', 'b', 'b'])
    expect(await asked(here, 'SELECT x.item FROM bids.Made AS x (item)')).toEqual(['a', 'b'])
    expect(await asked(here, 'SELECT count(*) AS n FROM bids WHERE why IS NULL AND _partition = 0')).toEqual(['2'])
  })
})
