import type { Logger } from 'pino'
import { pino } from 'pino'
import type { Project } from '../model/types.ts'
import { initialize } from '../run/registry.ts'
import { answer } from './answer.ts'
import { closeCore, openCore } from './core.ts'
import type { Service } from './service.ts'

/** Opens the files of a project in this process, without an engine: what was committed last is answered. Throws `store-locked`. */
export async function openLocal(project: Project, options: { logger?: Logger } = {}): Promise<Service> {
  const core = await openCore(project, options.logger ?? pino({ level: 'silent' }))
  try {
    await initialize(core.store)
    for (const source of core.definitions.sources.values())
      await core.log.createTopic(source.topic, { partitions: source.partitions, versions: source.versions })
    return answer(core)
  } catch (error) {
    await closeCore(core)
    throw error
  }
}
