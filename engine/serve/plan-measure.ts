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
import type { Definitions } from '../run/define.ts'
import type { Derivation } from '../run/derivation.ts'
import { ViewFailed } from '../run/member.ts'
import { readersOf } from './readers-of.ts'
import type { Ask } from './service.ts'

/** What building each view takes, and all in one pass. */
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
  const names = new Set(changes.flatMap(({ change, name }) => (change === 'removed' ? [] : [name])))
  const problems = new Map<string, string>()
  const { duckdb, batchEventsMax, batchBytesMax } = project.config
  const ends = await logEnds(log, [...definitions.sources.values()])
  const events = new Map(
    [...definitions.sources.values()].map(({ name, topic }) => [name, Number((ends.get(topic) ?? []).reduce((sum, end) => sum + end, 0n))]),
  )
  while (names.size > 0) {
    const dir = await mkdtemp(join(tmpdir(), 'evert-plan-'))
    const store = await openDuckdb(join(dir, 'sample.duckdb'), { ...duckdb, tempDir: join(dir, 'tmp') })
    try {
      const batch = { events: batchEventsMax, bytes: batchBytesMax }
      const sample = await sampleBuild({ log, definitions, names, store, batch, signal: ask.signal })
      if (ask.signal?.aborted === true) throw new EvertError('interrupted', 'Planning was interrupted; nothing has changed.')
      const { derivations } = definitions
      const pass = withParts(derivations, names)
      const of = (some: readonly Derivation[]) => estimate(sample, { pass, derivations: some, events, all: derivations })
      return { of: new Map([...names].map((name) => [name, of(withParts(derivations, new Set([name])))])), all: of(pass), problems }
    } catch (error) {
      if (error instanceof EvertError && error.code === 'event-refused') {
        for (const name of names) problems.set(name, error.message)
        break
      }
      if (!(error instanceof ViewFailed)) throw error
      for (const name of leftOut(error, definitions.derivations, names)) {
        problems.set(name, error.message)
        names.delete(name)
      }
    } finally {
      await store.close()
      await rm(dir, { recursive: true, force: true })
    }
  }
  return { of: new Map(), problems }
}

/** These, with the parts that they alone or with others keep on the way. */
function withParts(derivations: readonly Derivation[], names: ReadonlySet<string>): readonly Derivation[] {
  const wanted = new Set(names)
  for (const derivation of derivations.toReversed())
    if (wanted.has(derivation.name))
      for (const read of derivation.reads) if (derivations.some((one) => one.name === read && one.kind === 'part')) wanted.add(read)
  return derivations.filter(({ name }) => wanted.has(name))
}

/** The view that raised, or those whose part did, and all over them. */
function leftOut(error: ViewFailed, derivations: readonly Derivation[], names: ReadonlySet<string>): readonly string[] {
  const failed = error.member.derivation.name
  return [failed, ...readersOf(failed, derivations)].filter((name) => names.has(name))
}
