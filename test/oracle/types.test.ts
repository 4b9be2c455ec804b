import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Analyzer } from '../../engine/compile/analyzer.ts'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Plain } from './support/plain.ts'
import { openAnalyzer, Subject } from './support/subject.ts'
import { columnsOfTypes, viewsOver } from './types-views.ts'

let analyzer: Analyzer
let subject: Subject | undefined
let plain: Plain | undefined
beforeAll(async () => {
  analyzer = await openAnalyzer()
})
afterAll(() => analyzer.close())
afterEach(async () => {
  await subject?.close()
  plain?.close()
  subject = plain = undefined
})

/** Events, and as many changes of rows of a table, among which NULL is a value and rows go and come back: as parameters and as constants in turn. */
const steps = [4, 1, 5, 3]

test.each(columnsOfTypes.filter(({ isLong }) => isLong !== true || process.env.EVERT_LONG === '1'))(
  '$name: incremental is recomputed, as events come and rows go',
  async ({ schema, values, expr = 'v', isNumber }) => {
    const row = z.object({ id: z.int(), k: z.string(), v: schema().optional() })
    const facts = stream('facts', { event: row })
    const dim = table('dim', { key: 'id', row })
    const views = viewsOver(expr, isNumber === true)
    subject = await Subject.open({ streams: [facts], tables: [dim], views }, { events: 1_000 }, { analyzer, inMemory: true })
    plain = await Plain.open([facts, dim])
    for (const [name, select] of Object.entries(views)) await plain.run(`CREATE VIEW ${name} AS ${select}`)
    const appender = createAppender(subject.log, [facts, dim])
    const all = [undefined, ...values]
    const made = (id: number, i: number) => {
      const value = all[i % all.length]
      const k = `k${i % 3}`
      const shared = { type: '', partition: 0, offset: BigInt(id), timeMicros: 0n, key: String(id) }
      return {
        data: { id, k, ...(value ? { v: value[0] } : {}) },
        plain: { ...shared, values: { id: String(id), k, v: value?.[1] ?? null } },
      }
    }
    let at = 0
    for (const [step, size] of steps.entries()) {
      subject.pace({ events: 1_000, literalEventsMax: step % 2 === 0 ? 0 : 1_000 })
      const events = Array.from({ length: size }, (_, i) => made(at + i, at + i))
      // Few rows, so that most changes replace another value.
      const rows = Array.from({ length: size }, (_, i) => made((at + i) % 5, (at + i) * 2 + 1))
      const gone = step === 2 ? [0, 1, 2, 3, 4] : step === 3 ? [at % 5] : []
      at += size
      await appender.append(
        facts,
        events.map(({ data }) => ({ data })),
      )
      await appender.append(dim, [...rows.map(({ data }) => ({ data })), ...gone.map((id) => ({ data: null, key: String(id) }))])
      await plain.insert(
        facts,
        events.map((one) => ({ ...one.plain, type: 'facts', key: null })),
      )
      await plain.insert(dim, [
        ...rows.map((one) => ({ ...one.plain, type: 'dim' })),
        ...gone.map((id) => ({ ...made(id, 0).plain, type: 'dim', values: null })),
      ])
      await subject.drain()
      expect(Object.fromEntries(subject.failed)).toEqual({})
      for (const name of Object.keys(views))
        expect(await subject.rows(name), `${name} after step ${step}`).toEqual(await plain.answer(`SELECT * FROM ${name}`))
    }
  },
)
