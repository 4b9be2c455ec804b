import { EvertError } from '../../errors.ts'
import { discard, promote } from '../replay/promote.ts'
import { unread } from '../replay/succession.ts'
import { assemble } from '../run/assemble.ts'
import type { Loop } from '../run/loop.ts'
import { idOf, readPromotion, type VersionRow } from '../run/registry.ts'
import type { Core } from './core.ts'
import { standing } from './standing.ts'
import { versionsOf } from './versions.ts'
import type { Discarded, Moved } from './versions-answer.ts'

/** Points the views' names at the versions that are ready; without names, of all that are. Throws `version-unknown`, `version-needed`, `view-unknown`. */
export async function promoteViews(core: Core, views: readonly string[] | undefined): Promise<readonly Moved[]> {
  return moved(core, false, async (rows) => {
    const ready = rows.filter(({ role }) => role === 'ready')
    const names = views ?? [...new Set(ready.map(({ name }) => name))]
    if (names.length === 0)
      throw new EvertError('version-unknown', 'No version is ready to be promoted. `evert versions` lists those that are kept.')
    return names.map((view) => lastOf(ready, view, 'ready to be promoted'))
  })
}

/** Points the names back at the previous versions; without names, of all that were promoted together last. Throws as `promoteViews`. */
export async function rollbackViews(core: Core, views: readonly string[] | undefined): Promise<readonly Moved[]> {
  return moved(core, true, async (rows) => {
    const previous = rows.filter(({ role }) => role === 'previous')
    if (views) return views.map((view) => lastOf(previous, view, 'kept from before'))
    const promotion = await core.store.transaction(readPromotion)
    const back = promotion.flatMap(({ name, from, to }) => {
      const isPublic = rows.some((row) => row.name === name && row.role === 'public' && row.fingerprint === to)
      const row = previous.find((one) => one.name === name && one.fingerprint === from)
      return isPublic && row ? [row] : []
    })
    if (back.length > 0) return back
    throw new EvertError(
      'version-unknown',
      'Nothing that was promoted last can be rolled back. `evert versions` lists what is kept; `evert rollback VIEW` goes back with one view.',
    )
  })
}

/** Takes versions away that are not public: `view@version`, all of a view, or all there are. Throws `version-unknown`, `version-needed`. */
export async function discardVersions(core: Core, targets: readonly string[] | undefined): Promise<readonly Discarded[]> {
  return between(core, async (loop) => {
    const rows = (await core.store.transaction((tx) => versionsOf(tx))).filter(({ role }) => role !== 'public')
    const chosen = targets === undefined ? rows : [...new Set(targets.flatMap((target) => named(rows, target)))]
    const gone = unread(chosen, loop.members)
    if (gone.length < chosen.length && targets !== undefined)
      throw needing(
        chosen.filter((row) => !gone.includes(row)),
        loop,
      )
    const needed = new Set(core.definitions.derivations.map(({ id }) => id))
    await discard(gone, { store: core.store, loop, needed })
    forget(core, new Set(gone.map(idOf)))
    return gone.map(({ name, fingerprint }) => ({ view: name, version: fingerprint }))
  })
}

async function moved(
  core: Core,
  isBack: boolean,
  choose: (rows: readonly VersionRow[]) => Promise<readonly VersionRow[]>,
): Promise<readonly Moved[]> {
  return between(core, async (loop) => {
    const rows = await core.store.transaction((tx) => versionsOf(tx))
    const chosen = await choose(rows)
    for (const row of chosen)
      if (row.state !== 'live')
        throw new EvertError(
          'version-unknown',
          `The version ${idOf(row)} cannot be promoted: it is ${row.state}${row.error ? ` (${row.error})` : ''}.`,
        )
    const kept = new Set(loop.members.map(({ derivation }) => derivation.id))
    const lost = chosen.map(idOf).filter((id) => !kept.has(id))
    if (lost.length > 0)
      throw new EvertError(
        'version-unknown',
        `${lost.join(', ')} cannot be kept up to date any more: what it reads, or Evert, has changed since it was built. No name was moved; evert discard takes it away.`,
        { details: { versions: lost } },
      )
    await promote(chosen, { store: core.store, log: core.log, loop, isBack })
    const before = (name: string) => rows.find((row) => row.name === name && row.role === 'public')?.fingerprint ?? null
    repoint(core, chosen)
    return chosen.map(({ name, fingerprint }) => ({ view: name, version: fingerprint, before: before(name) }))
  })
}

/** Between two batches of the running engine; where none runs, at the position at which the files stand. */
async function between<T>(core: Core, work: (loop: Loop) => Promise<T>): Promise<T> {
  const { loop } = core
  if (core.builds.size > 0 || core.replaying.size > 0)
    throw new EvertError('replay-busy', 'Views are being built. Wait for it (evert status shows how far it is), then try again.')
  return loop ? loop.atBoundary(() => work(loop)) : work(await standing(core))
}

/** Queries and what is told of the views follow the names. */
export function repoint(core: Core, rows: readonly VersionRow[], retired: readonly VersionRow[] = []): void {
  const names = new Set([...rows, ...retired].map(({ name }) => name))
  const { compiled, publicIds } = core.definitions
  const replaced = new Set(compiled.derivations.filter(({ name }) => names.has(name)).map(({ id }) => id))
  const ids = [...[...publicIds].filter((id) => !replaced.has(id)), ...rows.map(idOf)]
  core.definitions = assemble({ ...core.definitions, publicIds: new Set(ids) })
}

/** They are not known any more. */
export function forget(core: Core, ids: ReadonlySet<string>): void {
  const { compiled } = core.definitions
  const without = <T>(of: ReadonlyMap<string, T>) => new Map([...of].filter(([id]) => !ids.has(id)))
  core.definitions = assemble({
    ...core.definitions,
    compiled: {
      derivations: compiled.derivations.filter(({ id }) => !ids.has(id)),
      plans: without(compiled.plans),
      folds: without(compiled.folds),
    },
  })
}

/** The newest of a view. */
function lastOf(rows: readonly VersionRow[], view: string, what: string): VersionRow {
  const found = rows.findLast(({ name }) => name.toLowerCase() === view.toLowerCase())
  if (found) return found
  throw new EvertError('version-unknown', `No version of ${view} is ${what}. \`evert versions ${view}\` lists those that are kept.`)
}

/** `view`, or `view@version`, of which the first digits are enough. */
function named(rows: readonly VersionRow[], target: string): readonly VersionRow[] {
  const [view = '', version = ''] = target.split('@')
  const found = rows.filter(({ name, fingerprint }) => name.toLowerCase() === view.toLowerCase() && fingerprint.startsWith(version))
  if (found.length > 0) return found
  throw new EvertError(
    'version-unknown',
    `No version ${target} is kept beside the public one. \`evert versions\` lists those that are kept; the public one goes with its declaration.`,
  )
}

function needing(rows: readonly VersionRow[], loop: Loop): EvertError {
  const ids = rows.map(idOf)
  const over = loop.members
    .filter(({ derivation }) => derivation.views?.some((id) => ids.includes(id)))
    .map(({ derivation }) => derivation.id)
  return new EvertError(
    'version-needed',
    `${ids.join(', ')} ${ids.length > 1 ? 'are' : 'is'} kept: ${over.join(', ')} ${over.length > 1 ? 'are' : 'is'} built on ${ids.length > 1 ? 'them' : 'it'}. Discard that first, or roll it back.`,
    { details: { versions: ids, over } },
  )
}
