import { EvertError } from '../../errors.ts'
import { verifyView } from '../replay/verify.ts'
import { readVersions } from '../run/registry.ts'
import type { Core } from './core.ts'
import { meter } from './meter.ts'
import { positionJson } from './position.ts'
import type { Ask, Json, VerifyAnswer } from './service.ts'

/** Recomputes views from the log and compares; one answer a view, in the order in which they were asked for. */
export async function* verifyViews(core: Core, views: readonly string[] | undefined, ask: Ask): AsyncGenerator<VerifyAnswer> {
  const rows = await core.store.transaction(readVersions)
  const live = rows.filter((row) => row.state === 'live' && row.kind !== 'history').map((row) => row.name)
  for (const name of views ?? live) {
    const known = [...core.definitions.catalog.values()].find(
      (relation) => relation.name.toLowerCase() === name.toLowerCase() && relation.kind !== 'stream' && relation.kind !== 'type',
    )
    if (!known) throw new EvertError('view-unknown', `There is no view named ${name}. Known: ${live.join(', ')}.`)
    if (!live.includes(known.name))
      throw new EvertError('view-failed', `The view ${known.name} is not live, so there is nothing to verify. evert views tells why.`)
    const begin = performance.now()
    const progress = meter(`verifying ${known.name}`, 'events', ask)
    const verified = await verifyView(known.name, {
      store: core.store,
      log: core.log,
      analyzer: core.analyzer,
      definitions: core.definitions,
      onEvents: progress.add,
      signal: ask.signal,
    })
    yield {
      view: known.name,
      equal: verified.differing === 0,
      rows: verified.rows,
      differing: verified.differing,
      differences: verified.differences.map((difference) => ({ ...difference, row: plainRow(difference.row) })),
      position: positionJson(core, verified.position),
      events: verified.events,
      seconds: (performance.now() - begin) / 1000,
      ...(verified.tolerance === undefined ? {} : { tolerance: `floats within ${verified.tolerance} of each other count as equal` }),
    }
  }
}

function plainRow(row: Readonly<Record<string, unknown>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
}

/** A value as JSON: what JavaScript's JSON would damage goes as text. */
function plain(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return String(value)
}
