/** A `Service` without an engine: answers what the test says, and tells what it was asked. */
import type { Json, PlanNode, Service, StatusInfo, VerifyAnswer, ViewInfo } from '../../../engine/serve/service.ts'

/** Overrides are taken as they are; everything else answers for one view, `totals`, of two rows. */
export function fakeService(overrides: Partial<Service> = {}): Service {
  return {
    status: async () => fakeStatus,
    views: async () => [fakeView],
    explain: async () => ({
      ...fakeView,
      file: 'sql/views/totals.sql',
      sql: 'SELECT sku, sum(quantity) AS total FROM shop GROUP BY sku',
      plan: fakePlan,
      notes: [],
      decoding: [],
    }),
    query: async () => ({
      columns: fakeView.columns,
      position: { shop: ['7'] },
      rows: batches([
        [
          ['a', '3'],
          ['b', null],
        ],
      ]),
    }),
    plan: async () => ({ changes: [], schemas: [], breaking: false, ends: { shop: ['7'] } }),
    apply: async () => ({ built: [], events: 0, seconds: 0.1, compared: [], promoted: [], removed: [] }),
    replay: async (view, ask) => {
      ask?.onProgress?.({ phase: 'replay', done: 5, total: 10, unit: 'events', perSecond: 100 })
      return { view, version: 'v2', events: 10, rows: 2, seconds: 0.5, position: { shop: ['7'] } }
    },
    versions: async () => [
      { view: 'totals', kind: 'sql', version: 'v1', role: 'previous', state: 'live', declared: false, rows: 2, bytes: 100 },
      { view: 'totals', kind: 'sql', version: 'v2', role: 'public', state: 'live', declared: true, rows: 2, bytes: 100 },
    ],
    promote: async () => [{ view: 'totals', version: 'v2', before: 'v1' }],
    rollback: async () => [{ view: 'totals', version: 'v1', before: 'v2' }],
    discard: async () => [{ view: 'totals', version: 'v1' }],
    verify: (views) => batches((views ?? ['totals']).map((view) => fakeVerified(view))),
    deadLetters: async () => [
      {
        consumer: 'decode',
        stream: 'shop',
        partition: 0,
        offset: '3',
        type: 'StockReceived',
        key: 'a',
        reason: 'quantity: wanted INTEGER, got "x"',
        value: '{"quantity":"x"}',
        at: '2026-01-01T00:00:00.000Z',
      },
    ],
    close: async () => undefined,
    ...overrides,
  }
}

export const fakeView: ViewInfo = {
  name: 'totals',
  kind: 'sql',
  strategy: 'linear',
  reason: 'sum over exact integers',
  reads: ['shop'],
  columns: [
    { name: 'sku', type: 'VARCHAR' },
    { name: 'total', type: 'BIGINT' },
  ],
  version: 'v1',
  state: 'live',
  rows: 2,
  position: { shop: ['7'] },
  bytes: 4_096,
  shared: [],
  growth: 'keys',
  warnings: [],
}

/** One part, measured in two batches. */
export const fakePlan: PlanNode = {
  kind: 'view',
  name: 'totals',
  what: 'GROUP BY sku: sum(quantity)',
  strategy: 'linear',
  reason: 'sum over exact integers',
  keeps: 'sum and count per sku',
  growth: 'keys',
  grows: 'bounded by the keys',
  rows: 2,
  bytes: 4_096,
  estimate: { of: 'touched', touched: 1, among: 2, text: 'the groups that it touches: about 1 of 2' },
  measured: {
    mean: { batches: 2, events: 3, ms: 1.5, rows: 1 },
    batches: [
      { at: '2026-01-01T00:00:00.000Z', events: 3, ms: 1, steps: [{ step: 'merge', ms: 1, rows: 1 }] },
      { at: '2026-01-01T00:00:01.000Z', events: 3, ms: 2, steps: [{ step: 'merge', ms: 2, rows: 1 }] },
    ],
  },
  inputs: [{ kind: 'stream', name: 'shop', what: 'the events of the batch', inputs: [] }],
}

export const fakeStatus: StatusInfo = {
  running: true,
  pid: process.pid,
  project: '/project',
  dataDir: '/project/.evert',
  log: { id: 'l1', kind: 'embedded' },
  position: { shop: ['7'] },
  ends: { shop: ['9'] },
  lagEvents: 2,
  positionSum: '7',
  committedAt: '2026-01-01T00:00:00.000Z',
  consumers: [{ consumer: 'views', stream: 'shop', read: '7', applied: '6', dead: '1', skipped: '0' }],
  failedViews: [],
  processors: [{ name: 'validate_orders', position: ['7'], lagEvents: 2 }],
  replays: [],
}

/** A verification of `view` that found it equal, or with as many differing rows as asked. */
export function fakeVerified(view: string, differing = 0): VerifyAnswer {
  const differences = Array.from({ length: differing }, (_, row) => ({
    only: 'view' as const,
    times: 1,
    row: { sku: `s${row}`, total: '1' },
  }))
  return { view, equal: differing === 0, rows: 2, position: { shop: ['7'] }, events: 7, seconds: 0.1, differences, differing }
}

/** The values one by one, as a service hands them on. */
export async function* batches<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values
}

/** `count` batches of `size` rows (number, text), made as they are taken. */
export async function* manyRows(
  count: number,
  size: number,
  onBatch: (made: number) => void = () => undefined,
): AsyncGenerator<readonly (readonly Json[])[]> {
  for (let batch = 0; batch < count; batch += 1) {
    onBatch(batch + 1)
    yield Array.from({ length: size }, (_, row) => [batch * size + row, `row ${batch * size + row}`])
  }
}
