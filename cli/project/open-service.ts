/** The views' service: the running engine's, or the files opened here when none runs. */
import { setTimeout as pause } from 'node:timers/promises'
import { connectService } from '../../engine/serve/remote.ts'
import type { Service } from '../../engine/serve/service.ts'
import { EvertError } from '../../errors.ts'
import type { Context } from '../command.ts'
import { withHolder } from './holder.ts'
import { loadConfig, loadProject } from './load.ts'

/** An engine that is just starting holds the files before it answers, another command holds them for a moment: both are waited for. */
const heldMsMax = 5_000
const pauseMs = 50

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
  for (;;) {
    const remote = await connectService(dataDir)
    if (remote !== undefined) return remote
    try {
      return await openFiles(root)
    } catch (thrown) {
      const held = thrown instanceof EvertError && (thrown.code === 'store-locked' || thrown.code === 'engine-running')
      if (!held || performance.now() > deadline) throw await withHolder(thrown, dataDir)
    }
    await pause(pauseMs, undefined, { signal: context.signal })
  }
}

/** Native modules are loaded only when they are needed: a command that an engine answers starts faster without them. */
async function openFiles(root: string): Promise<Service> {
  const { openLocal } = await import('../../engine/serve/local.ts')
  return openLocal(await loadProject(root))
}
