/** Where the socket of a data directory's engine is, and who holds it: `engine.json` in the data directory. */
import { createHash } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { asEvertError } from '../../errors.ts'

const holderSchema = z.object({ pid: z.int(), startedAt: z.string(), socket: z.string() })

/** The engine that holds, or held, a data directory. After a `kill -9` it names a process that is gone. */
export type Holder = z.infer<typeof holderSchema>

/** The kernel's limit is 107 bytes on Linux and 103 on macOS, and what is longer fails with an EADDRINUSE that misleads. */
const pathBytesMax = 100

/** The socket's path: in the data directory, or, where that is too long for a socket, in the temporary folder under a name made of it. */
export function socketPath(dataDir: string): string {
  const inside = join(resolve(dataDir), 'engine.sock')
  if (Buffer.byteLength(inside) <= pathBytesMax) return inside
  const hash = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 24)
  return join(tmpdir(), `evert-${hash}.sock`)
}

/** Says who holds the directory, in one step: a reader sees the old holder or the new, never half. */
export async function writeHolder(dataDir: string, holder: Holder): Promise<void> {
  const file = join(dataDir, 'engine.json')
  const draft = `${file}.${holder.pid}`
  await writeFile(draft, `${JSON.stringify(holder, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

/** The holder on record, or undefined when there is none or the file is not readable as one (a crash can leave that). */
export async function readHolder(dataDir: string): Promise<Holder | undefined> {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(await readFile(join(dataDir, 'engine.json'), 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    if (isMissing(thrown)) return undefined
    throw asEvertError(thrown, 'engine-unreachable')
  }
}

/** Takes the record away, if it is still that of `pid`. */
export async function removeHolder(dataDir: string, pid: number): Promise<void> {
  const holder = await readHolder(dataDir)
  if (holder?.pid === pid) await rm(join(dataDir, 'engine.json'), { force: true })
}

/** Whether a process of that id lives. One of another user counts: it answers EPERM. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    return errorName(thrown) === 'EPERM'
  }
}

/** The system's name of an error (`ENOENT` …). */
export function errorName(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}

function isMissing(thrown: unknown): boolean {
  const name = errorName(thrown)
  return name === 'ENOENT' || name === 'ENOTDIR'
}
