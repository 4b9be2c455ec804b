import { path } from '../../connectors/store/quote.ts'
import { EvertError } from '../../errors.ts'
import { relationSchema } from '../compile/relations.ts'
import { loadProject } from '../model/load/load-project.ts'
import type { Definitions } from '../run/assemble.ts'
import { choosePlans } from '../run/choose-plans.ts'
import type { Derivation } from '../run/derivation.ts'
import type { Loop } from '../run/loop.ts'
import { readVersions, type VersionRow } from '../run/registry.ts'
import { type Core, redefine } from './core.ts'
import { tellCosts } from './explain-declared.ts'
import { merged } from './merge-definitions.ts'
import { positionJson } from './position.ts'
import { runBuild } from './run-build.ts'
import type { Ask, ReplayAnswer } from './service.ts'
import { standing, withKept } from './standing.ts'

/**
 * Builds a view from the beginning of the log beside the live one, by its definition as it stands on disk now, with the
 * changed views that read it, and swaps. Throws `view-unknown`, `replay-busy`, `replay-failed`, `interrupted`.
 */
export async function replayView(core: Core, view: string, ask: Ask): Promise<ReplayAnswer> {
  const name = view.toLowerCase()
  if (core.replaying.has(name) || core.replaying.has(everything)) throw busy(view)
  core.replaying.add(name)
  try {
    return await replay(core, view, ask)
  } finally {
    core.replaying.delete(name)
  }
}

/** Stands among those that are replayed while an apply goes on, which may build any of them. */
export const everything = '*'

function busy(view: string): EvertError {
  return new EvertError(
    'replay-busy',
    `${view} is being built already. Wait for it (evert status shows how far it is), or interrupt that command.`,
  )
}

async function replay(core: Core, view: string, ask: Ask): Promise<ReplayAnswer> {
  const begin = performance.now()
  const project = await loadProject(core.project.config.root)
  const declared = await redefine(project)
  const loop = core.loop ?? (await standing(core, await withKept(core, declared, true)))
  // What is built anew is planned anew, by the rows that there are now.
  const goesOn = (row: VersionRow) => row.state === 'live' && row.name.toLowerCase() !== view.toLowerCase()
  const definitions = await core.store.transaction((tx) => choosePlans(tx, declared, { goesOn }))
  const derivations = toBuild(definitions, view, await core.store.transaction(readVersions), loop)
  if (core.loop) sameSources(core.definitions, definitions, derivations)
  const ids = derivations.map((derivation) => derivation.id)
  const shown = derivations.filter((derivation) => derivation.kind !== 'part').map((derivation) => derivation.name)
  for (const build of core.builds) {
    const same = build.views.find((name) => shown.includes(name))
    if (same !== undefined) throw busy(same)
  }
  const built = await runBuild(
    core,
    `replaying ${shown.join(', ')}`,
    {
      loop,
      sources: definitions.sources,
      derivations,
      order: definitions.derivations.map((derivation) => derivation.id),
      batch: { events: project.config.batchEventsMax, bytes: project.config.batchBytesMax },
      keepPrevious: project.config.previousVersionsMax,
    },
    ask,
  )
  core.definitions = merged(core.definitions, definitions, new Set(ids), loop)
  core.declared = new Set(declared.publicIds)
  await tellCosts(core, (id) => ids.includes(id))
  const target = derivations.find((derivation) => derivation.name.toLowerCase() === view.toLowerCase()) as Derivation
  const [count] = await core.store.transaction((tx) => tx.all(`SELECT count(*) AS n FROM ${path(relationSchema, target.id)}`))
  return {
    view: target.name,
    version: target.fingerprint,
    events: built.events,
    rows: Number(count?.n),
    seconds: (performance.now() - begin) / 1000,
    position: positionJson(core, built.position),
  }
}

/** A running engine decodes by the schemas that it was started with. */
export function sameSources(running: Definitions, read: Definitions, derivations: readonly Derivation[]): void {
  for (const name of new Set(derivations.flatMap((derivation) => [...derivation.streams.keys()]))) {
    if (running.sources.get(name)?.fingerprint === read.sources.get(name)?.fingerprint) continue
    throw new EvertError(
      'definition-changed',
      `The declaration of ${name} is not the one that the running engine was started with. Stop the engine, replay ${derivations.at(-1)?.name}, and start it again.`,
      { details: { stream: name } },
    )
  }
}

/** The view, what it needs and lacks, and the changed or failed views that read it: in order of dependence. */
function toBuild(definitions: Definitions, view: string, versions: readonly VersionRow[], loop: Loop): Derivation[] {
  const target = definitions.derivations.find(
    (derivation) =>
      derivation.name.toLowerCase() === view.toLowerCase() &&
      (derivation.kind !== 'history' || definitions.sources.get(derivation.id)?.name === derivation.id),
  )
  if (!target)
    throw new EvertError(
      'view-unknown',
      `There is no view named ${view}. Known: ${definitions.derivations
        .filter((derivation) => derivation.kind !== 'part')
        .map((derivation) => derivation.name)
        .join(', ')}.`,
    )
  for (const source of target.streams.keys())
    if (!loop.position.has(definitions.sources.get(source)?.topic ?? ''))
      throw new EvertError(
        'definition-changed',
        `The stream ${source} is new to the running engine. Start the engine again, then replay ${view}.`,
      )
  const live = new Map(loop.members.map((member) => [member.derivation.id, member.derivation.fingerprint]))
  const stale = (derivation: Derivation) =>
    versions.every((row) => row.name !== derivation.name || row.fingerprint !== derivation.fingerprint || row.state !== 'live')
  const chosen = new Set<string>([target.id])
  /** Views, and the parts over them: a part is shared, so who reads it may have nothing to do with the view. */
  const followed = new Set<string>([target.id])
  const need = (derivation: Derivation) => {
    for (const id of derivation.reads) {
      const upstream = definitions.derivations.find((candidate) => candidate.id === id)
      // What a view keeps on the way is part of it, and is repaired with it.
      if (!upstream || (upstream.kind !== 'part' && live.get(id) === upstream.fingerprint && !chosen.has(id))) continue
      chosen.add(id)
      if (upstream.kind !== 'part') followed.add(id)
      need(upstream)
    }
  }
  need(target)
  for (const derivation of definitions.derivations) {
    if (derivation.reads.some((read) => followed.has(read)) && stale(derivation)) {
      chosen.add(derivation.id)
      followed.add(derivation.id)
      need(derivation)
    }
  }
  return definitions.derivations.filter((derivation) => chosen.has(derivation.id))
}
