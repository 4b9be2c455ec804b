import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../connectors/log/log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import { EvertError } from '../../errors.ts'
import type { Project } from '../model/types.ts'
import type { Change } from '../replay/changes.ts'
import { type Estimate, estimate } from '../replay/estimate.ts'
import { logEnds } from '../replay/log-ends.ts'
import { sampleBuild } from '../replay/sample.ts'
import type { Definitions } from '../run/assemble.ts'
import type { Derivation } from '../run/derivation.ts'
import { ViewFailed } from '../run/member.ts'
import { readersOf } from './readers-of.ts'
import type { Ask } from './service.ts'

/** What building each version takes, by its id, and all in one pass. */
export interface Measured {
  readonly of: ReadonlyMap<string, Estimate>
  readonly all?: Estimate
  readonly problems: ReadonlyMap<string, string>
}

/** Builds what is to be built over the first events, and says what all of them will take. What fails is left out, with what reads it. */
export async function measure(
  log: Log,
  project: Project,
  definitions: Definitions,
  changes: readonly Change[],
  ask: Ask,
): Promise<Measured> {
  const ids = new Set(changes.flatMap(({ after }) => (after === undefined ? [] : [after.id])))
  const problems = new Map<string, string>()
  const { duckdb, batchEventsMax, batchBytesMax } = project.config
  const ends = await logEnds(log, [...definitions.sources.values()])
  const events = new Map(
    [...definitions.sources.values()].map(({ name, topic }) => [name, Number((ends.get(topic) ?? []).reduce((sum, end) => sum + end, 0n))]),
  )
  while (ids.size > 0) {
    const dir = await mkdtemp(join(tmpdir(), 'evert-plan-'))
    const store = await openDuckdb(join(dir, 'sample.duckdb'), { ...duckdb, tempDir: join(dir, 'tmp') })
    try {
      const batch = { events: batchEventsMax, bytes: batchBytesMax }
      const sample = await sampleBuild({ log, definitions, ids, store, batch, signal: ask.signal })
      if (ask.signal?.aborted === true) throw new EvertError('interrupted', 'Planning was interrupted; nothing has changed.')
      const { derivations } = definitions
      const pass = withParts(derivations, ids)
      const of = (some: readonly Derivation[]) => estimate(sample, { pass, derivations: some, events, all: derivations })
      return { of: new Map([...ids].map((id) => [id, of(withParts(derivations, new Set([id])))])), all: of(pass), problems }
    } catch (error) {
      if (error instanceof EvertError && error.code === 'event-refused') {
        for (const id of ids) problems.set(id, error.message)
        break
      }
      if (!(error instanceof ViewFailed)) throw error
      for (const id of leftOut(error, definitions.derivations, ids)) {
        problems.set(id, error.message)
        ids.delete(id)
      }
    } finally {
      await store.close()
      await rm(dir, { recursive: true, force: true })
    }
  }
  return { of: new Map(), problems }
}

/** These, with the parts that they alone or with others keep on the way. */
function withParts(derivations: readonly Derivation[], ids: ReadonlySet<string>): readonly Derivation[] {
  const wanted = new Set(ids)
  for (const derivation of derivations.toReversed())
    if (wanted.has(derivation.id))
      for (const read of derivation.reads) if (derivations.some((one) => one.id === read && one.kind === 'part')) wanted.add(read)
  return derivations.filter(({ id }) => wanted.has(id))
}

/** The view that raised, or those whose part did, and all over them. */
function leftOut(error: ViewFailed, derivations: readonly Derivation[], ids: ReadonlySet<string>): readonly string[] {
  const { id } = error.member.derivation
  return [id, ...readersOf(id, derivations).map((reader) => reader.id)].filter((one) => ids.has(one))
}
