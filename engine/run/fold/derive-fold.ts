import { setImmediate } from 'node:timers/promises'
import { list, path } from '../../../connectors/store/quote.ts'
import type { Parameter } from '../../../connectors/store/store.ts'
import { limits } from '../../../limits.ts'
import { relationSchema, versionId } from '../../compile/relations.ts'
import { fingerprintOf, hashOf } from '../../model/fingerprint.ts'
import type { FoldModel } from '../../model/types.ts'
import type { Changes, Derivation, FoldCode, Rejected, Statement, Steps } from '../derivation.ts'
import { published } from '../published.ts'
import { applyEvent } from './apply.ts'
import { type FoldRule, foldRule, type Keyed, keyedEvents } from './fold-rule.ts'
import { loadStates } from './load-states.ts'
import { type Slot, Slots } from './slots.ts'
import { StateCache } from './state-cache.ts'
import { changeOf, createFoldTable, type FoldTable, publicColumns, writeBack } from './write-back.ts'

/** Raise when the table's form changes: folds are then built anew. */
const formatVersion = 1

/** Handlers run in one thread with all else: after so many events others have their turn, DuckDB's next statement among them. */
const breathEvents = 2_048

/** A view as a TypeScript fold: its rows after each batch are what folding every event up to there gives. */
export function deriveFold(
  fold: FoldModel,
  codeFingerprint: string,
  options: { cacheKeysMax?: number; code?: FoldCode | undefined } = {},
): Derivation {
  const rule = foldRule(fold)
  const shape: FoldTable = {
    keyField: fold.keyField,
    form: rule.key,
    fields: fold.state.fields.filter((field) => field.name.toLowerCase() !== fold.keyField.name.toLowerCase()),
  }
  const columns = publicColumns(shape)
  const version = fingerprint(fold, codeFingerprint)
  const id = versionId(fold.name, version)
  const caches = new Map<string, StateCache>()
  const cacheOf = (table: string): StateCache => {
    const present = caches.get(table) ?? new StateCache(options.cacheKeysMax ?? limits.foldCacheKeysMax)
    return caches.set(table, present).get(table) ?? present
  }
  const names = list(columns.map((column) => column.name))
  return {
    id,
    name: fold.name,
    kind: 'fold',
    strategy: 'fold',
    reason: 'a TypeScript fold: its handlers run for each event, and the states of the batch are written back',
    fingerprint: version,
    source: `fold ${fold.name} over ${fold.from.name} by ${fold.key} (${Object.keys(fold.on).join(', ')}), code ${codeFingerprint}`,
    ...(options.code === undefined ? {} : { code: options.code }),
    columns,
    // Handlers read the events themselves; no statement needs them.
    streams: new Map([[fold.from.name, { needs: new Set<string>(), placed: false }]]),
    reads: [],
    byEvents: true,
    create: (table) => {
      caches.clear() // a table made anew is empty, whatever was known of one with its name
      return [createFoldTable(table, shape)]
    },
    expose: (table) => [`CREATE OR REPLACE VIEW ${path(relationSchema, id)} AS SELECT ${names} FROM ${table}`],
    conceal: () => [`DROP VIEW IF EXISTS ${path(relationSchema, id)}`],
    ...published({ id, name: fold.name, columns, order: '' }),
    prepare: async (batch, table, context) => {
      const slots = new Slots(cacheOf(table))
      const rejected: Rejected[] = []
      const load = loadStates(table, fold.keyField, rule.key, rule.form)
      let waiting: Keyed<Slot>[][] = []
      const apply = async () => {
        for (const events of waiting) await applyEvents(rule, events, rejected)
        waiting = []
      }
      for (const checked of batch.chunks.get(fold.from.name) ?? []) {
        waiting.push(keyedEvents(rule, [checked], slots, rejected))
        // Payloads that need not wait for states die young, which is cheaper than one large heap of them.
        if (await slots.isLoaded(load, context.before)) await apply()
      }
      await slots.load(load, context.before)
      await apply()
      const changed = slots.changed()
      const binderOf = (parameters: Parameter[]) => context.deltas(parameters).binder
      const written = writeBack(table, shape, changed, binderOf)
      const { changes } = context
      return {
        statements: changes.isRead(id)
          ? () => handOn(id, changes, changeOf(changes.table(id), shape, changed, binderOf), written)
          : written,
        rejected,
        settled: (committed) => committed && slots.settle(),
      }
    },
  }
}

function* handOn(name: string, changes: Changes, change: readonly Statement[], written: readonly Statement[]): Steps {
  for (const statement of change) if ((yield statement) > 0) changes.add(name)
  yield* written
}

async function applyEvents(rule: FoldRule, events: readonly Keyed<Slot>[], rejected: Rejected[]): Promise<void> {
  for (let from = 0; from < events.length; from += breathEvents) {
    for (const { slot, chunk, index, payload } of events.slice(from, from + breathEvents)) {
      const reason = applyEvent(rule, slot, chunk, index, payload)
      if (reason !== undefined) rejected.push({ chunk, index, reason })
    }
    if (from + breathEvents < events.length) await setImmediate()
  }
}

/** Changes with all that the rows follow from. */
function fingerprint(fold: FoldModel, codeFingerprint: string): string {
  const handled = fold.from.types.filter((type) => Object.hasOwn(fold.on, type.name))
  return hashOf(
    JSON.stringify([formatVersion, fold.name, fold.from.topic, fold.key, fingerprintOf(handled), fold.state.fields, codeFingerprint]),
  )
}
