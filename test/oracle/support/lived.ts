import type { Log } from '../../../connectors/log/log.ts'
import type { Verified } from '../../../engine/replay/verify.ts'
import type { Position } from '../../../engine/run/batch.ts'
import type { PlainAnswer } from './plain.ts'
import type { Declared, Pace } from './subject.ts'

/** An engine that a case is lived through with: in this process (`Subject`), or in one that is killed (`KilledSubject`). */
export interface Lived {
  readonly log: Log
  readonly position: Position
  /** Names of what readers can see. */
  readonly live: readonly string[]
  readonly failed: ReadonlyMap<string, string>
  pace(pace: Pace): void
  /** One batch; 0 when caught up. */
  step(): Promise<number>
  /** A stop and a start, perhaps with other views. */
  restart(declared?: Declared): Promise<void>
  rows(view: string): Promise<PlainAnswer>
  deadLetters(): Promise<number>
  verify(view: string): Promise<Verified>
  close(): Promise<void>
}
