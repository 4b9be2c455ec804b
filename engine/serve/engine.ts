import type { Logger } from 'pino'
import { asEvertError, EvertError } from '../../errors.ts'
import type { Project } from '../model/types.ts'
import { Build } from '../replay/build.ts'
import { Replanner } from '../replay/replan.ts'
import { Loop } from '../run/loop.ts'
import { createProcessor, type Processor } from '../run/processor/processor.ts'
import { type StartOptions, start } from '../run/start.ts'
import { answer } from './answer.ts'
import { type Core, closeCore, openCore } from './core.ts'
import { tellCosts } from './explain-declared.ts'
import type { Service } from './service.ts'
import { withKept } from './standing.ts'

export interface EngineOptions {
  readonly logger: Logger
  /** See `StartOptions`: `Infinity` has new views follow a backlog batch by batch. */
  readonly firstBuildEventsMin?: number
  /** See `StartOptions`. */
  readonly recomputeRowsMax?: number
}

/** A running engine: the loop, the processors, and what can be asked of them. */
export interface Engine {
  readonly service: Service
  /** Resolves when the engine has stopped; rejects with an `EvertError` when it had to halt. */
  readonly done: Promise<void>
  /** The batch under way is finished, the files are closed. */
  stop(): Promise<void>
}

/**
 * Starts the engine of a project in this process. It owns the data directory until it stops. Throws `store-locked` when
 * another process does, `definition-changed` when a view is not the one that its rows were built from.
 */
export async function startEngine(project: Project, options: EngineOptions): Promise<Engine> {
  try {
    return await open(project, options)
  } catch (error) {
    // Damage that shows only when the file is read: it has been marked, and is set aside when it is opened again.
    if (error instanceof EvertError && error.code === 'store-unreadable') return open(project, options)
    throw error
  }
}

async function open(project: Project, { logger, ...options }: EngineOptions): Promise<Engine> {
  const core = await openCore(project, logger)
  try {
    return await run(core, options)
  } catch (error) {
    await closeCore(core)
    throw error
  }
}

async function run(core: Core, options: StartOptions): Promise<Engine> {
  const { logger, store, log, project } = core
  const begun = await start(store, log, await withKept(core, core.definitions), options)
  const { definitions } = begun
  core.definitions = definitions
  for (const name of begun.removed) logger.warn({ view: name }, `${name} is no longer declared: its rows are dropped`)
  for (const id of begun.discarded)
    logger.warn(
      { version: id },
      `The version ${id} cannot be kept up to date any more and is dropped: what it reads, or Evert, has changed`,
    )
  const rolledBack = [...core.declared].filter((id) => !definitions.publicIds.has(id))
  if (rolledBack.length > 0)
    logger.warn(
      { versions: rolledBack },
      `What the files declare is kept and is not what is served: ${rolledBack.join(', ')}. evert promote moves the names`,
    )
  const stopping = new AbortController()
  const onViewFailed = (view: string, error: string) =>
    logger.error({ view, error }, `The view ${view} failed and is not served; the others go on. Mend it and run evert replay ${view}`)
  const batch = { events: project.config.batchEventsMax, bytes: project.config.batchBytesMax }
  const loop = new Loop({
    store,
    log,
    sources: definitions.sources,
    position: begun.position,
    retired: begun.retired,
    members: begun.members,
    batch,
    onViewFailed,
    onCommit: (commit) => {
      logger.debug({ events: commit.events }, 'batch committed')
      void replan()
    },
    onCheckpoint: ({ ms, walBytes, isQuiet }) =>
      isQuiet
        ? logger.debug({ ms, walBytes }, 'checkpoint')
        : logger.info({ ms, walBytes }, 'A checkpoint between two batches: the write-ahead log had grown to its limit'),
  })
  core.loop = loop
  const replanner = new Replanner({
    store,
    log,
    loop,
    batch,
    definitions: () => core.definitions,
    onReplanned: (next, views) => {
      core.definitions = next
      logger.info({ views }, `${views.join(', ')} is kept in parts from now on: what it reads is much by now`)
    },
    onFailed: (view, error) =>
      logger.warn({ view, error }, `${view} is computed anew in each batch as before: its parts could not be computed`),
    isBusy: () => core.builds.size > 0 || core.replaying.size > 0,
    rowsMax: options.recomputeRowsMax,
  })
  const replan = () =>
    replanner
      .committed()
      .catch((error: unknown) => logger.warn({ error: asEvertError(error).message }, 'Looking for a cheaper plan failed'))
  loop.setMembers(begun.members, begun.fresh)
  await loop.computeFresh()
  const declared = new Set([...begun.fresh, ...begun.toBuild.map((derivation) => derivation.id)])
  await tellCosts(core, (id) => declared.has(id))
  if (begun.toBuild.length > 0) {
    const build = new Build({
      store,
      log,
      loop,
      sources: definitions.sources,
      derivations: begun.toBuild,
      order: definitions.all.map((derivation) => derivation.id),
      batch,
      notBefore: await log.ends([...definitions.sources.values()].map((source) => source.topic)),
      onViewFailed,
    })
    core.builds.add(build)
    logger.info({ views: build.views }, `Building ${build.views.join(', ')} from the beginning of the log, beside the live views`)
    build.done
      .then(
        (built) => logger.info({ views: build.views, events: built.events }, `Built ${build.views.join(', ')}`),
        (error: unknown) => logger.error({ views: build.views, error: asEvertError(error).message }, 'A build failed'),
      )
      .finally(() => {
        core.builds.delete(build)
        void replan() // what is there now may be much
      })
    loop.addBackground(build)
  }
  for (const model of project.processors.values()) {
    core.processors.push(await createProcessor(model, project.codeFingerprints.get(model.name) ?? '', { log, store, logger }))
  }
  const halt = (error: unknown): never => {
    const typed = asEvertError(error)
    core.halted = typed.message
    stopping.abort()
    throw typed
  }
  const running = Promise.allSettled([
    loop.run(stopping.signal).catch(halt),
    ...core.processors.map((processor) => runProcessor(core, processor, stopping.signal).catch(halt)),
  ])
  const done = running.then(async (results) => {
    for (const processor of core.processors) await processor.close()
    await replanner.settle()
    const failed = results.find((result) => result.status === 'rejected')
    // Nobody steps them any more. After a failure the store may be unable to write: the next start takes them away.
    if (!failed) for (const build of core.builds) await build.abandon()
    await closeCore(core)
    if (failed) throw failed.reason
  })
  done.catch(() => undefined) // the owner awaits it; an engine that halts must not end the process by itself
  return {
    service: answer(core),
    done,
    stop: async () => {
      stopping.abort()
      await done.catch((error: unknown) => {
        if (!(error instanceof EvertError)) throw error
      })
    },
  }
}

/** Steps a processor until stopped, waiting for its input topic when it has caught up. */
async function runProcessor(core: Core, processor: Processor, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { events } = await processor.step()
    if (events > 0) continue
    await core.log.wait(new Map([[processor.topic, processor.position]]), { signal })
  }
}
