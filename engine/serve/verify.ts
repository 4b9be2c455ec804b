import { EvertError } from '../../errors.ts'
import { verifyView } from '../replay/verify.ts'
import type { Derivation } from '../run/derivation.ts'
import { readPosition, readVersions, type VersionRow } from '../run/registry.ts'
import type { Core } from './core.ts'
import { meter } from './meter.ts'
import { positionJson } from './position.ts'
import type { Ask, Json, VerifyAnswer } from './service.ts'
import { isChanged, storedVersion } from './stored.ts'

/**
 * Recomputes views from the log and compares; one answer a view, in the order in which they were asked for. A view without
 * rows that could be compared is answered with its error, so that the others are verified all the same.
 */
export async function* verifyViews(core: Core, views: readonly string[] | undefined, ask: Ask): AsyncGenerator<VerifyAnswer> {
  const declared = core.definitions.derivations.filter(({ kind }) => kind !== 'history' && kind !== 'part')
  const wanted = views === undefined ? declared : views.map((name) => named(name, declared))
  for (const derivation of wanted) {
    const [versions, { position }] = await core.store.transaction(async (tx) => [await readVersions(tx), await readPosition(tx)] as const)
    const error = whyNot(derivation, storedVersion(versions, derivation))
    yield error === undefined
      ? await compared(core, derivation.name, ask)
      : { ...nothing, view: derivation.name, position: positionJson(core, position), error }
  }
}

const nothing = { equal: false, rows: 0, events: 0, seconds: 0, differences: [], differing: 0 } as const

function named(name: string, declared: readonly Derivation[]): Derivation {
  const found = declared.find((derivation) => derivation.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const known = declared.map((derivation) => derivation.name).join(', ')
  throw new EvertError('view-unknown', `There is no view named ${name}. Known: ${known || 'none'}.`)
}

/** Why a view has no rows that its definition could be held against; undefined for one that has. */
function whyNot(derivation: Derivation, row: VersionRow | undefined): VerifyAnswer['error'] {
  const { name } = derivation
  if (row !== undefined && isChanged(row, derivation))
    return {
      code: 'definition-changed',
      message: `The definition of ${name} is not the one that its rows were built from. Run \`evert replay ${name}\` to build them anew, or restore the definition.`,
    }
  if (row?.state === 'live') return undefined
  if (row?.state === 'failed')
    return {
      code: 'view-failed',
      message: `The view ${name} failed and is not served: ${row.error}. Mend it and run evert replay ${name}.`,
    }
  return {
    code: 'view-failed',
    message:
      row === undefined
        ? `The view ${name} is declared but not built yet. Start the engine: evert run.`
        : `The view ${name} is being built and not served yet. evert status shows how far it is; evert run goes on with it.`,
  }
}

async function compared(core: Core, name: string, ask: Ask): Promise<VerifyAnswer> {
  const begin = performance.now()
  const progress = meter(`verifying ${name}`, 'events', ask)
  const verified = await verifyView(name, {
    store: core.store,
    log: core.log,
    analyzer: core.analyzer,
    definitions: core.definitions,
    onEvents: progress.add,
    signal: ask.signal,
  })
  return {
    view: name,
    equal: verified.differing === 0,
    rows: verified.rows,
    differing: verified.differing,
    differences: verified.differences.map((difference) => ({ ...difference, row: plainRow(difference.row) })),
    position: positionJson(core, verified.position),
    events: verified.events,
    seconds: (performance.now() - begin) / 1000,
    ...(verified.tolerance === undefined ? {} : { tolerance: `floats within ${verified.tolerance} of each other count as equal` }),
  }
}

/** A row as JSON. */
export function plainRow(row: Readonly<Record<string, unknown>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
}

/** A value as JSON: what JavaScript's JSON would damage goes as text. */
function plain(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return String(value)
}
