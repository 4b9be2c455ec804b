import { path } from '../../connectors/store/quote.ts'
import { EvertError } from '../../errors.ts'
import { relationSchema } from '../compile/relations.ts'
import { loadProject } from '../model/load/load-project.ts'
import { type Change, changesOf } from '../replay/changes.ts'
import { compareVersions } from '../replay/compare.ts'
import { discard, promote, retire } from '../replay/promote.ts'
import { unread } from '../replay/succession.ts'
import type { Definitions } from '../run/assemble.ts'
import { choosePlans } from '../run/choose-plans.ts'
import { promotedVersions } from '../run/control.ts'
import { decodedSchemas } from '../run/decoded.ts'
import type { Derivation } from '../run/derivation.ts'
import type { Loop } from '../run/loop.ts'
import { idOf, isView, readAllVersions, readVersions, type VersionRow } from '../run/registry.ts'
import type { ApplyAnswer, ApplyOptions, ComparedView } from './apply-answer.ts'
import { type Core, redefine } from './core.ts'
import { tellCosts } from './explain-declared.ts'
import { merged } from './merge-definitions.ts'
import { forget, repoint } from './move-versions.ts'
import { everything, sameSources } from './replay.ts'
import { runBuild } from './run-build.ts'
import type { Ask } from './service.ts'
import { standing, withKept } from './standing.ts'
import { plainRow } from './verify.ts'
import type { Moved } from './versions-answer.ts'

/**
 * Brings what is served to what is declared: builds all that is new or changed in one pass over the log, beside what is served, compares, and
 * moves all names at once. Run again after an interruption, it builds what is not there yet. Throws `replay-busy`, `replay-failed`,
 * `interrupted`, `definition-changed` where the schema of a stream has changed: then a replay has to read it by the new one.
 */
export async function applyProject(core: Core, options: ApplyOptions, ask: Ask): Promise<ApplyAnswer> {
  if (core.builds.size > 0 || core.replaying.size > 0)
    throw new EvertError('replay-busy', 'Views are being built. Wait for it (evert status shows how far it is), then try again.')
  core.replaying.add(everything)
  try {
    return await apply(core, options, ask)
  } finally {
    core.replaying.delete(everything)
  }
}

async function apply(core: Core, { promote: promotes = true, differMax }: ApplyOptions, ask: Ask): Promise<ApplyAnswer> {
  const begin = performance.now()
  const project = await loadProject(core.project.config.root)
  const { config } = project
  const declared = await redefine(project)
  const changes = await differences(core, declared)
  if (!core.loop) core.definitions = await withKept(core, declared, true)
  const loop = core.loop ?? (await standing(core))
  const definitions = await core.store.transaction((tx) => choosePlans(tx, declared, { goesOn: ({ state }) => state === 'live' }))
  const wanted = changes.flatMap(({ after }) => (after === undefined ? [] : [after.id]))
  const derivations = lacking(definitions, wanted, loop)
  if (core.loop) sameSources(core.definitions, definitions, derivations)
  const ids = new Set(derivations.map(({ id }) => id))
  const views = derivations.filter(({ kind }) => kind !== 'part')
  const order = [...core.definitions.all, ...derivations].map(({ id }) => id)
  const batch = { events: config.batchEventsMax, bytes: config.batchBytesMax }
  const options = { loop, sources: definitions.sources, derivations, order, batch, isAside: true }
  const { events } =
    derivations.length > 0 ? await runBuild(core, `building ${views.map(({ name }) => name).join(', ')}`, options, ask) : { events: 0 }
  core.definitions = merged(core.definitions, definitions, ids, loop, 'aside')
  core.declared = new Set(declared.publicIds)
  await tellCosts(core, (id) => ids.has(id))
  const compared = await comparisons(core, changes)
  await prune(core, loop)
  const held = whyHeld(compared, promotes, differMax)
  const moved = held === undefined ? await move(core, loop, changes) : { promoted: [], removed: [] }
  return {
    built: await sizes(core, views),
    events,
    seconds: (performance.now() - begin) / 1000,
    compared,
    ...moved,
    ...(held === undefined ? {} : { held }),
  }
}

/** Throws `definition-changed` where a schema has moved: its versions cannot stand beside those of the one before. */
async function differences(core: Core, declared: Definitions): Promise<readonly Change[]> {
  const { changed: moved } = await core.store.transaction((tx) => decodedSchemas(tx, [...declared.sources.values()]))
  const changes = changesOf({
    derivations: declared.derivations,
    versions: await core.store.transaction(readVersions),
    promoted: await promotedVersions(core.log),
    moved,
    isSameText: () => false,
  })
  const schemas = changes.filter(({ kind, change }) => change === 'changed' && !isView(kind)).map(({ name }) => name)
  if (moved.size === 0 && schemas.length === 0)
    return changes.filter(({ kind, change }) => isView(kind) || change === 'added' || change === 'lost')
  const names = [...new Set([...moved, ...schemas])].join(', ')
  throw new EvertError(
    'definition-changed',
    `The schema of ${names} has changed. What was built by the earlier one cannot stand beside what is built by this one: stop the engine, run evert replay for the views over it (evert plan lists them), and start the engine again.`,
    { details: { streams: names } },
  )
}

/** The wanted versions that are not kept, with all that they need and nobody keeps; in order of dependence. */
function lacking(definitions: Definitions, wanted: readonly string[], loop: Loop): readonly Derivation[] {
  const kept = new Set(loop.members.map(({ derivation }) => derivation.id))
  const byId = new Map(definitions.derivations.map((derivation) => [derivation.id, derivation]))
  const taken = new Set<string>()
  const take = (id: string): void => {
    const derivation = byId.get(id)
    if (!derivation || kept.has(id) || taken.has(id)) return
    taken.add(id)
    for (const source of derivation.streams.keys())
      if (!loop.position.has(definitions.sources.get(source)?.topic ?? ''))
        throw new EvertError('definition-changed', `The stream ${source} is new to the running engine. Start the engine again, then apply.`)
    for (const read of derivation.reads) take(read)
  }
  for (const id of wanted) take(id)
  return definitions.derivations.filter(({ id }) => taken.has(id))
}

async function comparisons(core: Core, changes: readonly Change[]): Promise<readonly ComparedView[]> {
  const reader = await core.store.reader({ scratch: true })
  try {
    const compared: ComparedView[] = []
    for (const { name, before, after } of changes) {
      const old = before?.state === 'live' && core.definitions.compiled.derivations.find(({ id }) => id === idOf(before))
      if (!old || !after || !isView(after.kind)) continue
      const found = await compareVersions(reader, old, after)
      const share = Math.max(found.onlyBefore, found.onlyAfter) / Math.max(found.rowsBefore, found.rowsAfter, 1)
      compared.push({ view: name, ...found, share, samples: found.samples.map((one) => ({ ...one, row: plainRow(one.row) })) })
    }
    return compared
  } finally {
    await reader.close()
  }
}

function whyHeld(compared: readonly ComparedView[], promotes: boolean, differMax: number | undefined): string | undefined {
  if (!promotes) return 'it was asked to leave what is built ready: evert promote moves the names'
  const beyond = compared.filter(({ share }) => differMax !== undefined && share > differMax)
  if (beyond.length === 0) return undefined
  const list = beyond.map(({ view, share }) => `${view} ${(share * 100).toFixed(1)} %`).join(', ')
  return `more rows differ than ${((differMax ?? 0) * 100).toFixed(1)} %: ${list}. What is built is ready: evert promote moves the names all the same`
}

/** All names at once; then what is not declared any more goes, and previous versions beyond those that are to be kept. */
async function move(core: Core, loop: Loop, changes: readonly Change[]): Promise<Pick<ApplyAnswer, 'promoted' | 'removed'>> {
  const { store, log } = core
  const work = async () => {
    const rows = await store.transaction(readAllVersions)
    const chosen = changes.flatMap(
      ({ after }) => rows.find((row) => row.role !== 'public' && row.state === 'live' && idOf(row) === after?.id) ?? [],
    )
    const before = (name: string) => rows.find((row) => row.name === name && row.role === 'public' && isView(row.kind))?.fingerprint ?? null
    const promoted: Moved[] = chosen.map(({ name, fingerprint }) => ({ view: name, version: fingerprint, before: before(name) }))
    if (chosen.length > 0) await promote(chosen, { store, log, loop, isBack: false })
    const removed = changes.flatMap(({ change, before: row }) => (change === 'removed' && row && isView(row.kind) ? [row] : []))
    if (removed.length > 0) await retire(removed, { store, log, loop })
    repoint(core, chosen, removed)
    await pruneNow(core, loop)
    return { promoted, removed: removed.map(({ name, fingerprint }) => ({ view: name, version: fingerprint })) }
  }
  return core.loop ? core.loop.atBoundary(work) : work()
}

async function prune(core: Core, loop: Loop): Promise<void> {
  await (core.loop ? core.loop.atBoundary(() => pruneNow(core, loop)) : pruneNow(core, loop))
}

/** Takes away what stands beside without a reason: ready and not declared, of views that are not declared, and more previous ones than are to be kept. */
async function pruneNow(core: Core, loop: Loop): Promise<void> {
  const keep = core.project.config.previousVersionsMax
  const all = (await core.store.transaction(readAllVersions)).filter(({ kind }) => isView(kind))
  const aside = all.filter(({ role, state }) => role !== 'public' && state !== 'building')
  const isNamed = ({ name }: VersionRow) => all.some((row) => row.role === 'public' && row.name === name)
  const isBeyond = (row: VersionRow) => {
    const later = aside.slice(aside.indexOf(row) + 1).filter(({ name, role }) => name === row.name && role === 'previous')
    return !core.declared.has(idOf(row)) && (row.role === 'ready' || !isNamed(row) || later.length >= keep)
  }
  const gone = unread(aside.filter(isBeyond), loop.members)
  const needed = new Set(core.definitions.derivations.map(({ id }) => id))
  if (gone.length === 0) return
  await discard(gone, { store: core.store, loop, needed })
  forget(core, new Set(gone.map(idOf)))
}

async function sizes(core: Core, built: readonly Derivation[]): Promise<ApplyAnswer['built']> {
  const views = built.filter(({ kind }) => isView(kind))
  const reader = await core.store.reader()
  try {
    return await Promise.all(
      views.map(async ({ id, name, fingerprint }) => {
        const [count] = await reader.all(`SELECT count(*) AS n FROM ${path(relationSchema, id)}`)
        return { view: name, version: fingerprint, rows: Number(count?.n) }
      }),
    )
  } finally {
    await reader.close()
  }
}
