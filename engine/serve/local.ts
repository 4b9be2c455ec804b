import type { Logger } from 'pino'
import { pino } from 'pino'
import { EvertError } from '../../errors.ts'
import type { Project } from '../model/types.ts'
import { choosePlans } from '../run/choose-plans.ts'
import { readMeta, readPosition } from '../run/registry.ts'
import { answer } from './answer.ts'
import { type Core, closeCore, openCore } from './core.ts'
import type { Service } from './service.ts'
import { withKept } from './standing.ts'

/**
 * Opens the files of a project in this process, without an engine: what was committed last is answered. Throws `store-locked`,
 * `position-mismatch` when the views were built from another log, and `store-unreadable` for a damaged DuckDB file: only an
 * engine builds the views anew, so only an engine sets the file aside.
 */
export async function openLocal(project: Project, options: { logger?: Logger } = {}): Promise<Service> {
  const core = await openCore(project, options.logger ?? pino({ level: 'silent' }), 'refuse')
  try {
    core.definitions = await withKept(core, core.definitions)
    await assertSameLog(core)
    core.definitions = await core.store.transaction((tx) => choosePlans(tx, core.definitions, { goesOn: () => true }))
    return answer(core)
  } catch (error) {
    await closeCore(core)
    throw error
  }
}

/** The rows and their position speak of one log and its topics: with another one every answer would say what is not so. */
async function assertSameLog({ store, log, definitions }: Core): Promise<void> {
  const known = await store.transaction((tx) => readMeta(tx, 'log_id'))
  if (known !== undefined && known !== log.id) {
    throw new EvertError(
      'position-mismatch',
      `The views were built from the log ${known}, this log is ${log.id}. Point the project at its own log, or remove the file views.duckdb to build the views from this one.`,
      { details: { wanted: known, current: log.id } },
    )
  }
  const { topicIds } = await store.transaction(readPosition)
  for (const { topic: name, partitions, versions } of definitions.sources.values()) {
    const topic = await log.createTopic(name, { partitions, versions })
    const id = topicIds.get(name)
    if (id === undefined || id === topic.id) continue
    throw new EvertError(
      'position-mismatch',
      `The topic ${name} was made anew: the views know it as ${id}, the log as ${topic.id}. Remove the file views.duckdb to build the views from the new topic.`,
      { details: { topic: name } },
    )
  }
}
