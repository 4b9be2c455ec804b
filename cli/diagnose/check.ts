/** One thing that `evert doctor` looks at. */
import { asEvertError } from '../../errors.ts'

export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'failed' | 'not there yet'
  readonly found: string
  /** What to do about it, when it failed. */
  readonly remedy?: string
}

export interface Check {
  readonly check: string
  /** What to do when it fails. */
  readonly remedy: string
  /** Says what it found; throws what is wrong. `NotYet`: there is nothing to look at, and that is fine. */
  readonly look: () => Promise<string>
}

/** Thrown by a check whose object does not exist yet. */
export class NotYet extends Error {}

/** Looks, and never throws. */
export async function examine({ check, remedy, look }: Check): Promise<Finding> {
  try {
    return { check, state: 'ok', found: await look() }
  } catch (thrown) {
    if (thrown instanceof NotYet) return { check, state: 'not there yet', found: thrown.message }
    const error = asEvertError(thrown)
    return { check, state: 'failed', found: error.code === 'internal' ? error.message : `${error.code}: ${error.message}`, remedy }
  }
}
