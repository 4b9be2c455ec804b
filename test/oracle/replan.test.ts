import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { ident, text } from '../../connectors/store/quote.ts'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import { createAppender } from '../../engine/run/append.ts'
import { readVersions, stateTable, type VersionRow } from '../../engine/run/registry.ts'
import type { Service } from '../../engine/serve/service.ts'
import { checkFile } from '../crash/support/check-warehouse.ts'
import { caughtUp, rowsOf } from '../crash/support/engine-child.ts'
import { append, type Here, startHere, withFiles } from '../crash/support/here.ts'
import { type TempProject, tempProject } from '../crash/support/project.ts'
import { viewFile } from '../crash/support/till.ts'
import { expectSame } from './support/same.ts'
import { Subject } from './support/subject.ts'

/** Views that are computed anew while they read little, and go over to parts when it has become much, in the middle of their life. */
const sales = table('sales', { key: 'id', row: z.object({ id: z.string(), town: z.string(), amount: sql.bigint(), weight: z.number() }) })
const towns = table('towns', { key: 'town', row: z.object({ town: z.string(), country: z.string() }) })
const tables = [sales, towns]
const perTown = 'SELECT town, sum(amount) AS total, sum(weight) AS weight FROM sales GROUP BY town'
const best = `SELECT t.country, max(s.total) AS best, max(s.weight) AS weight, count(*) AS n FROM towns AS t LEFT JOIN (${perTown}) AS s ON s.town = t.town GROUP BY t.country`
const views = { best, per_best: 'SELECT best, weight, count(*) AS n FROM best GROUP BY ALL' }

const pipeline = `import { table } from 'evert'
import { z } from 'zod'
export const sales = table('sales', { key: 'id', row: z.object({ id: z.string(), town: z.string(), amount: z.int32(), weight: z.number() }) })
export const towns = table('towns', { key: 'town', row: z.object({ town: z.string(), country: z.string() }) })
`

let subject: Subject | undefined
let here: Here | undefined
let project: TempProject | undefined
afterEach(async () => {
  await here?.stop()
  await subject?.close()
  project?.destroy()
  here = undefined
  subject = undefined
  project = undefined
})

async function opened(recomputeRowsMax: number, declared: Readonly<Record<string, string>> = views): Promise<Subject> {
  subject = await Subject.open({ tables, views: declared }, { events: 3 }, { recomputeRowsMax })
  return subject
}

async function sell(of: Subject, from: number, to: number, amount = (n: number) => BigInt(n) * 7n): Promise<void> {
  const appender = createAppender(of.log, tables)
  for (let n = from; n < to; n++) {
    const town = `t${n % 4}`
    await appender.append('towns', [{ data: { town, country: `c${n % 2}` } }])
    await appender.append('sales', [{ data: { id: `s${n}`, town, amount: amount(n), weight: n / 10 } }])
    if (n % 5 === 0) await appender.append('sales', [{ data: null, key: `s${n - 1}` }])
  }
}

/** Every view is its SELECT over the rows as they are, after each batch. */
async function follow(of: Subject): Promise<void> {
  do {
    expect([...of.failed]).toEqual([])
    await expectRight(of, 'best', best)
    await expectRight(of, 'per_best', views.per_best)
  } while ((await of.step()) > 0)
}

async function expectRight(of: Subject, view: string, select: string): Promise<void> {
  const reader = await of.store.reader()
  try {
    const answer = await reader.query(select)
    const rows: string[] = []
    for await (const block of answer.rows) for (const row of block) rows.push(JSON.stringify(row))
    expectSame(await of.rows(view), { columns: (await of.rows(view)).columns, rows: rows.sort() }, view)
  } finally {
    await reader.close()
  }
}

async function versionOf(of: Subject, view: string): Promise<VersionRow> {
  const rows = (await of.store.transaction(readVersions)).filter((row) => row.name === view)
  expect(rows).toHaveLength(1)
  return rows[0] as VersionRow
}

const parts = (of: Subject) => of.live.filter((name) => name.startsWith('~'))

test('a view over few rows is computed anew; when they are many it is kept in parts, under the same version, and so it stays', async () => {
  const of = await opened(6)
  const before = await versionOf(of, 'best')
  expect(before.plan).toBe('recompute')
  await sell(of, 0, 2)
  await follow(of)
  await of.restart()
  await follow(of)
  expect([of.replanned, parts(of)]).toEqual([[], []])
  expect((await versionOf(of, 'best')).table, 'the same rows after a restart').toBe(before.table)
  await sell(of, 2, 12)
  await follow(of)
  expect(of.replanned).toContain('best')
  expect(parts(of).length).toBeGreaterThan(1)
  const after = await versionOf(of, 'best')
  expect([after.plan, after.fingerprint, after.state]).toEqual([null, before.fingerprint, 'live'])
  const owned = (await of.store.transaction(readVersions)).map(stateTable)
  const there = await of.store.transaction((tx) =>
    tx.all(`SELECT format('"_state"."{}"', table_name) AS t FROM duckdb_tables() WHERE schema_name = '_state'`),
  )
  expect(there.map((row) => row.t).toSorted(), 'nothing is left behind').toEqual(owned.toSorted())
  await createAppender(of.log, tables).append(
    'sales',
    Array.from({ length: 11 }, (_, n) => ({ data: null, key: `s${n}` })),
  )
  await follow(of)
  await of.restart()
  await sell(of, 12, 14)
  await follow(of)
  expect((await versionOf(of, 'best')).table, 'few rows again: it does not go to and fro').toBe(after.table)
  expect((await of.verify('best')).differing).toBe(0)
})

test.each([false, true])('whoever reads the view is computed anew where one of its rows has become another: %s', async (isOther) => {
  const of = await opened(6)
  await sell(of, 0, 12)
  while ((await of.loop.step()) > 0); // nobody looks whether it has outgrown its plan
  const own = await versionOf(of, 'best')
  const reader = stateTable(await versionOf(of, 'per_best'))
  if (isOther) {
    // What floats may do: the parts give another last bit than the SELECT as a whole.
    const [column] = await of.store.transaction((tx) =>
      tx.all(
        `SELECT column_name AS name FROM duckdb_columns() WHERE schema_name = '_state' AND table_name = ${text(own.table)} AND data_type = 'DOUBLE'`,
      ),
    )
    const name = ident(String(column?.name))
    await of.store.script([`UPDATE ${stateTable(own)} SET ${name} = ${name} + 1e-9`])
  }
  await of.store.script([`DELETE FROM ${reader}`]) // it shows whether it is computed
  await of.drain()
  expect(of.replanned).toContain('best')
  await expectRight(of, 'best', best)
  if (isOther) await expectRight(of, 'per_best', views.per_best)
  else expect((await of.rows('per_best')).rows).toEqual([])
})

test('where the parts cannot be computed the view stays as it is, and is right', async () => {
  // The sums that are kept are of 64 bits; the SELECT as a whole has more.
  const select =
    'SELECT country, max(total) > 0 AS is_much FROM towns JOIN (SELECT town, sum(amount) AS total FROM sales GROUP BY town) USING (town) GROUP BY country'
  const of = await opened(6, { best: select })
  await sell(of, 0, 12, () => 2n ** 62n)
  await of.drain()
  expect(of.replanned).toEqual([])
  expect([...of.failed]).toEqual([['best', expect.stringMatching(/./)]])
  await sell(of, 12, 14)
  await of.drain()
  await expectRight(of, 'best', select)
})

test('a replay in a running engine chooses anew, drops the parts that nobody needs, and the view can go over to parts again', async () => {
  const p = tempProject({ 'pipelines/p.ts': pipeline, ...viewFile('best', best), ...viewFile('per_best', views.per_best) })
  p.write({ 'evert.config.ts': `export default { logLevel: 'error', duckdb: { threads: 1, memoryLimit: '300MB' } }\n` })
  project = p
  const put = async (from: number, to: number) => {
    const numbers = Array.from({ length: to - from }, (_, n) => from + n)
    await append(
      p,
      'towns',
      numbers.map((n) => ({ data: { town: `t${n % 4}`, country: `c${n % 2}` } })),
    )
    await append(
      p,
      'sales',
      numbers.map((n) => ({ data: { id: `s${n}`, town: `t${n % 4}`, amount: n, weight: n / 10 } })),
    )
  }
  const strategies = async (service: Service) =>
    Promise.all(['best', 'per_best'].map(async (view) => (await service.explain(view)).strategy))
  const selects = { ...views }
  const right = async (service: Service) => {
    await caughtUp(service)
    for (const [view, select] of Object.entries(selects))
      expect(await rowsOf(service, `FROM ${view} ORDER BY ALL`), view).toEqual(await rowsOf(service, `FROM (${select}) ORDER BY ALL`))
  }
  await put(0, 6)
  here = await startHere(p, { recomputeRowsMax: 0 }) // whatever there is, it is kept in parts
  await right(here.service)
  const inParts = await strategies(here.service)
  expect(inParts).not.toContain('full')
  await here.service.replay('best') // which asks how many rows there are
  await right(here.service)
  expect(await strategies(here.service)).toEqual(['full', inParts[1]])
  await here.stop()
  await withFiles(p, async (service) => expect(await strategies(service), 'without an engine').toEqual(['full', inParts[1]]))
  await checkFile(join(p.dataDir, 'views.duckdb'))
  here = await startHere(p, { recomputeRowsMax: 0 })
  expect(await strategies(here.service), 'a start goes on as it was').toEqual(['full', inParts[1]])
  await put(6, 12)
  while ((await strategies(here.service))[0] === 'full') await right(here.service)
  await right(here.service)
  expect(await strategies(here.service)).toEqual(inParts)
  // Another definition, whose parts this engine has never kept.
  selects.best = best.replace('sum(weight)', 'min(weight)')
  p.write(viewFile('best', selects.best))
  await here.service.replay('best')
  expect(await strategies(here.service)).toEqual(['full', inParts[1]])
  for (let n = 12; (await strategies(here.service))[0] === 'full'; n++) {
    await put(n, n + 1)
    await right(here.service)
    await pause(200) // it looks now and then
  }
  expect(await strategies(here.service)).toEqual(inParts)
  for await (const one of here.service.verify(['best', 'per_best'])) expect(one).toMatchObject({ differing: 0 })
  await here.stop()
  await checkFile(join(p.dataDir, 'views.duckdb'))
})
