/** An error on standard error, as its last words. */
import { writeSync } from 'node:fs'
import { errorName } from '../../engine/serve/socket-place.ts'
import type { EvertError } from '../../errors.ts'

/** Code and message for people, `{"error":{…}}` for machines. A mistake of ours shows where it happened. */
export function reportError(error: EvertError, json: boolean): void {
  const text = json ? JSON.stringify({ error: error.toJSON() }) : errorText(error)
  try {
    writeSync(2, `${text}\n`)
  } catch (thrown) {
    // Nobody reads standard error: the exit code still tells.
    if (errorName(thrown) === undefined) throw thrown
  }
}

function errorText(error: EvertError): string {
  const lines = [`error ${error.code}: ${error.message}`]
  if (error.code === 'internal') {
    const cause = error.cause instanceof Error ? error.cause : error
    lines.push(cause.stack ?? String(cause), 'This is a mistake in evert, please report it with these lines.')
  } else if (error.cause instanceof Error && !error.message.includes(error.cause.message)) {
    lines.push(`  because: ${error.cause.message}`)
  }
  return lines.join('\n')
}
