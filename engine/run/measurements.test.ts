import { expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { Measurements, stepName } from './measurements.ts'

test('what a derivation did in a batch, step by step, once it is committed', async () => {
  const measurements = new Measurements()
  const batch = measurements.begin(40)
  expect(await batch.step('totals', 'CREATE OR REPLACE TEMP TABLE "temp"."touched of totals" AS SELECT 1', async () => 3)).toBe(3)
  await batch.step('totals', 'MERGE INTO "_state"."totals@1" AS t', async () => 2)
  expect(measurements.of('totals')).toEqual([])
  batch.commit()
  const [found] = measurements.of('totals')
  expect(found).toMatchObject({
    events: 40,
    steps: [
      { step: 'compute touched', rows: 3 },
      { step: 'merge', rows: 2 },
    ],
  })
  expect(found?.ms).toBeCloseTo((found?.steps[0]?.ms ?? 0) + (found?.steps[1]?.ms ?? 0))
  expect(measurements.of('others')).toEqual([])
})

test('a batch that fails leaves nothing', async () => {
  const measurements = new Measurements()
  const batch = measurements.begin(1)
  await expect(batch.step('totals', 'INSERT INTO t', () => Promise.reject(new Error('full')))).rejects.toThrow('full')
  await expect(
    batch.together(
      () => ['totals'],
      () => Promise.reject(new Error('full')),
    ),
  ).rejects.toThrow('full')
  batch.commit()
  expect(measurements.of('totals')).toEqual([])
})

test('of a batch that goes as one string only the whole is known', async () => {
  const measurements = new Measurements()
  const batch = measurements.begin(2)
  await batch.together(
    () => ['totals', '~1'],
    async () => undefined,
  )
  batch.commit()
  expect(measurements.of('~1')).toMatchObject([{ events: 2, steps: [], together: 2 }])
})

test('the last batches stay', async () => {
  const measurements = new Measurements()
  for (let events = 1; events <= limits.measuredBatchesMax + 5; events += 1) {
    const batch = measurements.begin(events)
    await batch.step('totals', 'INSERT INTO t', async () => 1)
    batch.commit()
  }
  const kept = measurements.of('totals')
  expect(kept).toHaveLength(limits.measuredBatchesMax)
  expect(kept.at(-1)?.events).toBe(limits.measuredBatchesMax + 5)
})

test.each([
  ['CREATE OR REPLACE TEMP TABLE "temp"."change of ~3f" AS SELECT 1', 'compute change'],
  ['CREATE OR REPLACE TEMP TABLE "events of shop.OrderRequested" AS SELECT 1', 'decode shop.OrderRequested'],
  ['INSERT INTO "_state"."totals@1" SELECT 1', 'insert'],
  ['MERGE INTO "sides of totals@1"."distinct 0" AS t USING', 'merge, distinct 0'],
  ['WITH a AS (SELECT 1) SELECT 1', 'with'],
])('%s is %s', (sql, name) => {
  expect(stepName(sql)).toBe(name)
})
