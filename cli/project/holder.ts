/** Who holds a data directory, in the words of an error. */

import { isAlive, readHolder } from '../../engine/serve/socket-place.ts'
import { EvertError } from '../../errors.ts'

/** The same error, naming the holder when the files are held and one is on record; any other as it is. */
export async function withHolder(thrown: unknown, dataDir: string): Promise<unknown> {
  if (!(thrown instanceof EvertError) || (thrown.code !== 'store-locked' && thrown.code !== 'engine-running')) return thrown
  const holder = await readHolder(dataDir)
  if (holder === undefined || !isAlive(holder.pid)) return thrown
  const remedy = `Use that engine, or stop it first: kill ${holder.pid}`
  return new EvertError('engine-running', `Cannot open ${dataDir}: process ${holder.pid} holds it since ${holder.startedAt}. ${remedy}`, {
    cause: thrown,
    details: { ...thrown.details, ...holder, dataDir },
  })
}
