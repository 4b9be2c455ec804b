import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Logger } from 'pino'
import type { Project } from '../engine/model/types.ts'
import type { Engine } from '../engine/serve/engine.ts'
import type { ViewInfo } from '../engine/serve/service.ts'
import { serveSocket } from '../engine/serve/socket.ts'
import { EvertError, exitCodes } from '../errors.ts'
import { limits } from '../limits.ts'
import { caughtUp } from './caught-up.ts'
import type { CommandSpec, Context } from './command.ts'
import { heldMsMax, heldPauseMs, isHeld, livingHolder, withHolder } from './project/holder.ts'
import { loadProject } from './project/load.ts'
import { formatPosition } from './terminal/format.ts'
import { createLogger } from './terminal/logger.ts'
import { progressDisplay } from './terminal/progress.ts'
import { stateText } from './terminal/state.ts'
import type { Terminal } from './terminal/terminal.ts'

/** `evert run`: keeps the project's views up to date until it is stopped, and answers the other commands meanwhile. */
export const run: CommandSpec = {
  usage: 'run',
  summary: 'keeps the views up to date from the log, until it is stopped',
  description:
    'Ctrl-C or SIGTERM stops it within 5 s, a second one at once; nothing is lost either way. Logs go to standard error: text on a terminal, JSON elsewhere. ' +
    'With --json standard output has one line each for ready, caught-up and stopped.',
  example: 'evert run\nevert run --until-caught-up --json',
  options: (command: Command) => {
    command.option(
      '--until-caught-up',
      'stops when everything that was in the log at the start is in the views; ends with 1 when a view has failed',
    )
  },
  async run(context, _args, options) {
    const { terminal, signal } = context
    const project = await loadProject(context.root())
    const progress = progressDisplay(terminal)
    const logger = createLogger(project.config.logLevel, terminal, progress.clear)
    // From the signal on, also while it still starts.
    signal.addEventListener('abort', () => endInTime(logger), { once: true })
    const engine = await start(project, logger, signal)
    let failed: readonly ViewInfo[] = []
    const open: { close(): Promise<void> }[] = [{ close: () => engine.stop() }]
    try {
      const socket = await serveSocket(engine.service, project.config.dataDir)
      open.push(socket)
      await tellReady(terminal, project, engine, socket.path)
      const ends = options.untilCaughtUp === true ? [caughtUp(engine.service, project, { signal, onProgress: progress.show })] : []
      await Promise.race([engine.done, aborted(signal), ...ends])
      progress.clear()
      if (ends.length > 0 && !signal.aborted) {
        await tellCaughtUp(terminal, engine)
        failed = (await engine.service.views()).filter((view) => view.state === 'failed' || view.state === 'not built')
      }
    } finally {
      progress.clear()
      endInTime(logger)
      // Together: calls on the socket and the running batch end within the same seconds.
      await Promise.all(open.map((one) => one.close()))
    }
    if (terminal.json) await terminal.printJson({ event: 'stopped' })
    if (failed.length > 0) throw notAll(failed)
    return ending(context)
  },
}

/** Starts, and waits for a command that holds the files for a moment. Another engine is named at once. */
async function start(project: Project, logger: Logger, signal: AbortSignal): Promise<Engine> {
  const { dataDir } = project.config
  const { startEngine } = await import('../engine/serve/engine.ts')
  const deadline = performance.now() + heldMsMax
  for (;;) {
    try {
      return await startEngine(project, { logger })
    } catch (thrown) {
      if (!isHeld(thrown) || (await livingHolder(dataDir)) !== undefined || performance.now() > deadline)
        throw await withHolder(thrown, dataDir)
    }
    await pause(heldPauseMs, undefined, { signal })
  }
}

/** A batch may take its time, but no longer than the limit: what it has not committed is done again at the next start. */
function endInTime(logger: Logger): void {
  const late = setTimeout(() => {
    logger.warn({ waitedMs: limits.stopMsMax }, 'the running batch did not end in time and is left; the next start does it again')
    process.exit(exitCodes.failed)
  }, limits.stopMsMax)
  late.unref()
}

/** The events are read, but not every view has them. */
function notAll(failed: readonly ViewInfo[]): EvertError {
  const found = failed.map((view) => `${view.name} (${stateText(view)})`).join('; ')
  return new EvertError(
    'view-failed',
    `Caught up, but not every view is served: ${found}. Mend them and run: evert replay ${failed.map((view) => view.name).join(' ')}`,
    { details: { views: failed.map(({ name, state, error }) => ({ view: name, state, ...(error !== undefined && { error }) })) } },
  )
}

/** SIGTERM is how an engine is stopped; Ctrl-C is told apart, as everywhere. */
function ending({ interrupt }: Context): number | undefined {
  return interrupt.by() === 'SIGINT' ? exitCodes.interrupted : undefined
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function tellReady(terminal: Terminal, project: Project, engine: Engine, socket: string): Promise<void> {
  const { root, dataDir, log } = project.config
  const views = (await engine.service.views()).filter((view) => view.kind === 'sql' || view.kind === 'fold').map((view) => view.name)
  const kept = {
    streams: [...project.streams.keys()],
    tables: [...project.tables.keys()],
    views,
    processors: [...project.processors.keys()],
  }
  if (terminal.json) return terminal.printJson({ event: 'ready', pid: process.pid, project: root, dataDir, log, socket, ...kept })
  const facts = [
    ['project', root],
    ['data', `${dataDir}, log: ${log}`],
    ...Object.entries(kept).map(([what, names]) => [what, names.join(', ')]),
    ['socket', socket],
  ]
  const lines = facts.flatMap(([what = '', text = '']) => (text === '' ? [] : [`${what.padEnd(10)} ${text}\n`]))
  return terminal.print(`${lines.join('')}Ctrl-C stops it.\n`)
}

async function tellCaughtUp(terminal: Terminal, engine: Engine): Promise<void> {
  const { position, positionSum } = await engine.service.status()
  if (terminal.json) await terminal.printJson({ event: 'caught-up', position, positionSum })
  else await terminal.print(`caught up at ${formatPosition(position)}\n`)
}
