/** Ctrl-C and SIGTERM: the first asks the command to end, the second ends the process at once. */
import { EvertError, exitCodes } from '../../errors.ts'

export interface Interrupt {
  readonly signal: AbortSignal
  /** The signal that came, if one did. */
  readonly by: () => NodeJS.Signals | undefined
  /** Stops listening: signals have their usual effect again. */
  release(): void
}

/** Listens from now on. `signal` aborts with an `interrupted` error. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController()
  let by: NodeJS.Signals | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    if (by !== undefined) process.exit(exitCodes.interrupted)
    by = name
    controller.abort(new EvertError('interrupted', `Interrupted by ${name}.`))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    by: () => by,
    release() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
