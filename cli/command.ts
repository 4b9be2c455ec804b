/** What every command has: `--json`, `--project`, help with an example, one way to end. */
import type { Command } from 'commander'
import { asEvertError, type EvertError, exitCodes } from '../errors.ts'
import { findProjectRoot } from './project/root.ts'
import { type Interrupt, listenForInterrupt } from './terminal/interrupt.ts'
import { reportError } from './terminal/report-error.ts'
import { Terminal } from './terminal/terminal.ts'

/** What a command's own code is given. */
export interface Context {
  readonly terminal: Terminal
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal
  readonly interrupt: Interrupt
  /** The project's folder. Throws `usage` when there is none. */
  root(): string
}

export interface CommandSpec {
  /** As commander writes it: `explain <view>`. */
  readonly usage: string
  readonly summary: string
  /** What `--help` says beyond the summary. */
  readonly description?: string
  /** At least one line that works as it stands. */
  readonly example: string
  /** False: the command needs no project, and has no `--project`. */
  readonly inProject?: boolean
  readonly options?: (command: Command) => void
  /** Returns the exit code when it is not 0. */
  run(
    context: Context,
    args: readonly (string | readonly string[] | undefined)[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<number | undefined>
}

/** Adds the command. When it ends, `onExit` is told the exit code; it never throws. */
export function addCommand(program: Command, spec: CommandSpec, onExit: (code: number) => void): void {
  const command = program.command(spec.usage).summary(spec.summary)
  const sentence = `${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`
  command.description(spec.description === undefined ? sentence : `${sentence} ${spec.description}`)
  spec.options?.(command)
  if (spec.inProject !== false) command.option('--project <dir>', 'the project’s folder (default: the nearest one from here upwards)')
  command.option('--json', 'for machines: JSON on standard output, errors as JSON on standard error')
  command.addHelpText('after', `\nExample:\n${spec.example.replace(/^/gm, '  ')}`)
  command.action(async () => onExit(await execute(spec, command)))
}

async function execute(spec: CommandSpec, command: Command): Promise<number> {
  const options = command.opts<Record<string, unknown>>()
  const terminal = new Terminal(options.json === true)
  const interrupt = listenForInterrupt()
  const named = typeof options.project === 'string' ? options.project : undefined
  const context: Context = { terminal, interrupt, signal: interrupt.signal, root: () => findProjectRoot(named) }
  try {
    const code = await spec.run(context, command.processedArgs as (string | string[] | undefined)[], options)
    return code ?? exitCodes.ok
  } catch (thrown) {
    const error = endError(interrupt, asEvertError(thrown))
    reportError(error, terminal.json)
    return error.exitCode
  } finally {
    interrupt.release()
  }
}

/** After Ctrl-C whatever failed did so because of it; a command that has more to say about its end says `interrupted` itself. */
function endError({ signal }: Interrupt, thrown: EvertError): EvertError {
  return signal.aborted && thrown.code !== 'interrupted' ? asEvertError(signal.reason) : thrown
}
