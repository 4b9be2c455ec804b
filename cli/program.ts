/** The command line as a whole: its commands, and how a wrong call is told. */
import { Command, CommanderError } from 'commander'
import { EvertError, exitCodes } from '../errors.ts'
import { append } from './append.ts'
import { apply } from './apply.ts'
import { addCommand } from './command.ts'
import { deadLetters } from './dead-letters.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { init } from './init.ts'
import { discard, promote, rollback } from './move-versions.ts'
import { plan } from './plan.ts'
import { ownPackage } from './project/own-package.ts'
import { query } from './query.ts'
import { replay } from './replay.ts'
import { run } from './run.ts'
import { status } from './status.ts'
import { reportError } from './terminal/report-error.ts'
import { verify } from './verify.ts'
import { versions } from './versions.ts'
import { views } from './views.ts'

const commands = [
  init,
  run,
  append,
  query,
  views,
  explain,
  status,
  plan,
  apply,
  replay,
  versions,
  promote,
  rollback,
  discard,
  verify,
  deadLetters,
  doctor,
]

const help = `
Exit codes:
  0    done                     1    failed
  2    wrong usage              3    a comparison found differences
  4    an engine or its files could not be reached
  130  interrupted

Example:
  evert init shop && cd shop && npm install && npx evert run`

/** Runs one command line (without `node` and the script) and resolves to its exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok
  const json = args.includes('--json')
  const program = new Command('evert')
  program.description('Keeps views up to date from an append-only log, exactly once.')
  program.version(ownPackage().version).addHelpText('after', help).enablePositionalOptions()
  // Set before the commands are added: they take it over.
  program.exitOverride().configureOutput({ outputError: (text, write) => (json ? undefined : write(text)) })
  if (!json) program.showHelpAfterError('(evert --help shows how it is called)')
  for (const command of commands) addCommand(program, command, (exit) => (code = exit))
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    // `--help` and `--version` end this way too, with 0.
    if (thrown.exitCode === 0) return exitCodes.ok
    if (json) reportError(new EvertError('usage', thrown.message.replace(/^error: /, '')), true)
    return exitCodes.usage
  }
  return code
}
