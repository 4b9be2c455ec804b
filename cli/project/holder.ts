/** Who holds a data directory, in the words of an error. */
import { type Holder, isAlive, readHolder } from '../../engine/serve/socket-place.ts'
import { EvertError } from '../../errors.ts'

/** An engine that is just starting holds the files before it answers, another command holds them for a moment: both are waited for. */
export const heldMsMax = 5_000
/** Between two tries. */
export const heldPauseMs = 50

/** Whether opening failed because another process holds the files. */
export function isHeld(thrown: unknown): thrown is EvertError {
  return thrown instanceof EvertError && (thrown.code === 'store-locked' || thrown.code === 'engine-running')
}

/** The engine on record, when its process lives. */
export async function livingHolder(dataDir: string): Promise<Holder | undefined> {
  const holder = await readHolder(dataDir)
  return holder !== undefined && isAlive(holder.pid) ? holder : undefined
}

/** The same error, naming the holder when the files are held and an engine is on record; any other as it is. */
export async function withHolder(thrown: unknown, dataDir: string): Promise<unknown> {
  if (!isHeld(thrown)) return thrown
  const holder = await livingHolder(dataDir)
  if (holder === undefined) return thrown
  const message = `Cannot open ${dataDir}: process ${holder.pid} holds it since ${holder.startedAt}. Use that engine, or stop it first: kill ${holder.pid}`
  return new EvertError('engine-running', message, { cause: thrown, details: { ...thrown.details, ...holder, dataDir } })
}
