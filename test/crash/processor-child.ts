import { join } from 'node:path'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import { createProcessor } from '../../engine/run/processor/processor.ts'
import { initialize } from '../../engine/run/registry.ts'
import { shop, validate } from './processor-shop.ts'

/** Runs the processor over the log in a directory until it is killed; with `drain` until it has caught up, and tells its tables. */
const [dir = '', mode] = process.argv.slice(2)
const log = await openEmbeddedLog(join(dir, 'log'))
const store = await openDuckdb(join(dir, 'views.duckdb'), { threads: 1 })
await initialize(store)
const running = await createProcessor(validate, 'code', { log, store })
console.log('ready')
for (;;) {
  const { events } = await running.step({ eventsMax: 7 })
  if (events > 0) continue
  if (mode === 'drain') break
  await log.wait(new Map([[shop.topic, running.position]]), { timeoutMs: 1_000 })
}
const all = (sql: string) => store.transaction((tx) => tx.all(sql))
const states = await all('SELECT sku, _state AS state FROM _state."processor:validate" ORDER BY sku')
const dead = await all(`SELECT partition, "offset"::VARCHAR AS "offset", reason FROM _evert.dead_letters ORDER BY ALL`)
const stored = await all(
  'SELECT "read"::INTEGER AS "read", applied::INTEGER AS applied, dead::INTEGER AS dead, skipped::INTEGER AS skipped FROM _evert.counts',
)
console.log(JSON.stringify({ states, dead, stored, counts: running.counts, position: running.position.map(String) }))
await running.close()
await store.close()
await log.close()
