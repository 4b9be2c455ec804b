#!/usr/bin/env node
import { asEvertError, exitCodes } from '../errors.ts'
import { runProgram } from './program.ts'
import { reportError } from './terminal/report-error.ts'

process.on('uncaughtException', (thrown) => {
  reportError(asEvertError(thrown), process.argv.includes('--json'))
  process.exit(exitCodes.failed)
})

const code = await runProgram(process.argv.slice(2))
// What a library left open must not keep a finished command alive; what was printed is written by then.
process.stderr.write('', () => process.exit(code))
