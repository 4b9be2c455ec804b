/** The closed list of what can go wrong. HTTP statuses and exit codes derive from the code, never from the message. */

/** Exit codes of the command line: ok, failed, wrong usage, a comparison found differences, not reachable, interrupted. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, differs: 3, unreachable: 4, interrupted: 130 } as const

/** `exit`: the exit code of a command that ends with this error. `canRetry`: whether the same call may succeed later, unchanged. */
export const errorCodes = {
  // declarations
  'config-invalid': { exit: 2, canRetry: false },
  'declaration-invalid': { exit: 2, canRetry: false },
  'sql-invalid': { exit: 2, canRetry: false },
  'view-unknown': { exit: 2, canRetry: false },
  'version-unknown': { exit: 2, canRetry: false },
  'version-needed': { exit: 1, canRetry: false },
  'definition-changed': { exit: 1, canRetry: false },
  // events
  'event-invalid': { exit: 1, canRetry: false },
  'event-too-large': { exit: 1, canRetry: false },
  'event-refused': { exit: 1, canRetry: false },
  'fold-failed': { exit: 1, canRetry: false },
  'view-failed': { exit: 1, canRetry: false },
  // log
  'topic-unknown': { exit: 2, canRetry: false },
  'topic-mismatch': { exit: 1, canRetry: false },
  'log-corrupt': { exit: 1, canRetry: false },
  'log-closed': { exit: 1, canRetry: false },
  'log-full': { exit: 1, canRetry: true },
  'log-unreadable': { exit: 1, canRetry: true },
  'history-gone': { exit: 1, canRetry: false },
  'capability-missing': { exit: 2, canRetry: false },
  // store
  'store-locked': { exit: 4, canRetry: true },
  'store-unreadable': { exit: 1, canRetry: false },
  'store-full': { exit: 1, canRetry: true },
  'store-failed': { exit: 1, canRetry: true },
  'position-mismatch': { exit: 1, canRetry: false },
  // questions
  'query-refused': { exit: 2, canRetry: false },
  'query-failed': { exit: 1, canRetry: false },
  'query-timeout': { exit: 1, canRetry: true },
  'limit-exceeded': { exit: 1, canRetry: false },
  // operations
  'engine-running': { exit: 4, canRetry: true },
  'engine-unreachable': { exit: 4, canRetry: true },
  'replay-busy': { exit: 1, canRetry: true },
  'replay-failed': { exit: 1, canRetry: true },
  usage: { exit: 2, canRetry: false },
  interrupted: { exit: 130, canRetry: true },
  internal: { exit: 1, canRetry: false },
} as const satisfies Record<string, { exit: number; canRetry: boolean }>

export type ErrorCode = keyof typeof errorCodes

/**
 * An operating error. The message says what was attempted, the current and the wanted value, and the remedy.
 * Programmer errors are assertions (`node:assert`); expected races are returned results, not errors.
 */
export class EvertError extends Error {
  override readonly name = 'EvertError'
  readonly code: ErrorCode
  /** Where it happened and with which values, for machines: file, line, topic, offset … Only JSON values. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get canRetry(): boolean {
    return errorCodes[this.code].canRetry
  }

  get exitCode(): number {
    return errorCodes[this.code].exit
  }

  toJSON(): { code: ErrorCode; message: string; canRetry: boolean; details: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, canRetry: this.canRetry, details: this.details }
  }
}

/** Any thrown value as an `EvertError`; what is not one already is `internal` and keeps its cause. */
export function asEvertError(thrown: unknown, code: ErrorCode = 'internal'): EvertError {
  if (thrown instanceof EvertError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new EvertError(code, message, { cause: thrown })
}
