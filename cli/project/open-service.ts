/** The views' service: the running engine's, or the files opened here when none runs. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Project } from '../../engine/model/types.ts'
import { connectService } from '../../engine/serve/remote.ts'
import type { Service } from '../../engine/serve/service.ts'
import type { Context } from '../command.ts'
import { heldMsMax, heldPauseMs, isHeld, withHolder } from './holder.ts'
import { loadConfig, loadProject } from './load.ts'

/** Opens the service for the time of `use`. Throws `store-locked` when the files stay held by somebody who does not answer. */
export async function withService<T>(context: Context, use: (service: Service) => Promise<T>): Promise<T> {
  const service = await openService(context)
  try {
    return await use(service)
  } finally {
    await service.close()
  }
}

async function openService(context: Context): Promise<Service> {
  const root = context.root()
  const { dataDir } = await loadConfig(root)
  const deadline = performance.now() + heldMsMax
  let project: Project | undefined
  for (;;) {
    const remote = await connectService(dataDir)
    if (remote !== undefined) return remote
    try {
      // Native modules are loaded only when they are needed: a command that an engine answers starts faster without them.
      const { openLocal } = await import('../../engine/serve/local.ts')
      project ??= await loadProject(root)
      return await openLocal(project)
    } catch (thrown) {
      if (!isHeld(thrown) || performance.now() > deadline) throw await withHolder(thrown, dataDir)
    }
    await pause(heldPauseMs, undefined, { signal: context.signal })
  }
}
