import { Build, type BuildOptions, type Built } from '../replay/build.ts'
import type { Core } from './core.ts'
import { meter } from './meter.ts'
import type { Ask } from './service.ts'

/**
 * A build from its first step to its swap: between the batches of the running engine; where none runs, at once. Tells its progress under
 * `label`; an abort takes every trace of it away. Throws what a build throws.
 */
export async function runBuild(
  core: Core,
  label: string,
  options: Omit<BuildOptions, 'store' | 'log' | 'onProgress'>,
  ask: Ask,
): Promise<Built> {
  const progress = meter(label, 'events', ask)
  const build = new Build({ ...options, store: core.store, log: core.log, onProgress: progress.set })
  core.builds.add(build)
  const cancel = () => build.cancel()
  ask.signal?.addEventListener('abort', cancel)
  if (ask.signal?.aborted === true) cancel()
  try {
    if (core.loop) core.loop.addBackground(build)
    else while ((await build.step()) !== 'done');
    return await build.done
  } finally {
    ask.signal?.removeEventListener('abort', cancel)
    core.builds.delete(build)
  }
}
