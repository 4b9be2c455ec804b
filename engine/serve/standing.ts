import { join } from 'node:path'
import { loadKeptFold } from '../model/load/kept-fold.ts'
import type { Definitions } from '../run/assemble.ts'
import * as kept from '../run/kept-versions.ts'
import { Loop } from '../run/loop.ts'
import { start } from '../run/start.ts'
import type { Core } from './core.ts'

/** The definitions with what the store keeps beside them; see `KeptOptions`. */
export async function withKept(core: Core, definitions: Definitions, keepsChanged = false): Promise<Definitions> {
  const { root, dataDir } = core.project.config
  const loadFold: kept.LoadFold = (name, code) => loadKeptFold(root, join(dataDir, 'folds'), name, code)
  const { analyzer, store, log } = core
  return kept.withKept(definitions, { analyzer, store, log, loadFold, keepsChanged })
}

/** A loop that does not run: the position at which the files stand. */
export async function standing(core: Core, definitions: Definitions = core.definitions): Promise<Loop> {
  const begun = await start(core.store, core.log, definitions, { tolerateChanged: true })
  const { config } = core.project
  const loop = new Loop({
    store: core.store,
    log: core.log,
    sources: definitions.sources,
    position: begun.position,
    retired: begun.retired,
    members: begun.members,
    batch: { events: config.batchEventsMax, bytes: config.batchBytesMax },
    onViewFailed: (failed, error) => core.logger.error({ view: failed, error }, `The view ${failed} failed and is not served`),
  })
  loop.setMembers(begun.members, begun.fresh)
  await loop.computeFresh()
  return loop
}
