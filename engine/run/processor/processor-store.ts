import { path, text } from '../../../connectors/store/quote.ts'
import type { Parameter, Store, Transaction } from '../../../connectors/store/store.ts'
import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import { deadLetterStatements, type Refused } from '../dead-letters.ts'
import type { Statement } from '../derivation.ts'
import { loadStates } from '../fold/load-states.ts'
import { Slots } from '../fold/slots.ts'
import { StateCache } from '../fold/state-cache.ts'
import { createFoldTable, writeBack } from '../fold/write-back.ts'
import { literalBinder, parameterBinder } from '../source.ts'
import type { ProcessorRule } from './processor-rule.ts'

/** Events of the input stream: read = applied + dead + skipped. */
export interface ProcessorCounts {
  readonly read: number
  readonly applied: number
  readonly dead: number
  readonly skipped: number
}

/** How far the state is, as the store has committed it. */
export interface StoredState {
  /** Next offset per input partition. */
  readonly offsets: readonly bigint[]
  /** Of the last transaction whose outputs are in the state. */
  readonly sequence: number
  /** Per output topic: the processor's later outputs are at these offsets or beyond. */
  readonly outputs: ReadonlyMap<string, readonly bigint[]>
}

/** What one step brings to the store, in one transaction. */
export interface StateChange extends StoredState {
  readonly slots: Slots
  readonly read: number
  readonly refused: readonly Refused[]
}

const noStates: Pick<Transaction, 'all'> = { all: async () => [] }

/** A processor's tables in the store: its states, and its row in `_evert.processors`. */
export class ProcessorStore {
  readonly #rule: ProcessorRule
  readonly #store: Store
  readonly #logId: string
  readonly #cache: StateCache
  #state: StoredState = { offsets: [], sequence: 0, outputs: new Map() }
  #counts: ProcessorCounts = { read: 0, applied: 0, dead: 0, skipped: 0 }

  constructor(rule: ProcessorRule, store: Store, logId: string, cacheKeysMax: number) {
    this.#rule = rule
    this.#store = store
    this.#logId = logId
    this.#cache = new StateCache(cacheKeysMax)
  }

  get state(): StoredState {
    return this.#state
  }

  get counts(): ProcessorCounts {
    return this.#counts
  }

  /** Makes what is missing and reads how far the state is; 'reset' when it begins anew. Throws `position-mismatch`. */
  async open(partitions: number): Promise<'kept' | 'reset'> {
    await this.#store.script([
      'CREATE SCHEMA IF NOT EXISTS _evert',
      'CREATE SCHEMA IF NOT EXISTS _state',
      'CREATE TABLE IF NOT EXISTS _evert.processors (name VARCHAR, fingerprint VARCHAR, log_id VARCHAR, sequence BIGINT, offsets VARCHAR, outputs VARCHAR)',
    ])
    const [row] = await this.#all(
      `SELECT fingerprint, log_id, sequence, offsets, outputs FROM _evert.processors WHERE name = ${this.#name}`,
    )
    if (row && row.log_id !== this.#logId) {
      throw new EvertError(
        'position-mismatch',
        `The state of processor ${this.#rule.model.name} was built from the log ${row.log_id}, this log is ${this.#logId}. Point the project at its own log, or remove the file views.duckdb to build it from this one.`,
      )
    }
    const isKept = row?.fingerprint === this.#rule.fingerprint
    if (!isKept) await this.#reset()
    const offsets = isKept ? offsetsOf(row.offsets) : []
    this.#state = {
      offsets: Array.from({ length: partitions }, (_, partition) => offsets[partition] ?? 0n),
      sequence: isKept ? Number(row.sequence) : 0,
      outputs: isKept
        ? new Map(
            Object.entries(JSON.parse(String(row.outputs)) as Record<string, string[]>).map(([topic, own]) => [topic, own.map(BigInt)]),
          )
        : new Map(),
    }
    const [counts] = await this.#all(`SELECT "read", applied, dead, skipped FROM _evert.counts WHERE consumer = ${this.#name}`)
    this.#counts = {
      read: Number(counts?.read ?? 0),
      applied: Number(counts?.applied ?? 0),
      dead: Number(counts?.dead ?? 0),
      skipped: Number(counts?.skipped ?? 0),
    }
    return isKept ? 'kept' : 'reset'
  }

  slots(): Slots {
    return new Slots(this.#cache)
  }

  async load(slots: Slots): Promise<void> {
    const { state } = this.#rule
    const before = {
      run: () => Promise.reject(new Error('loading only reads')),
      all: state ? (sql: string, parameters?: readonly Parameter[]) => this.#all(sql, parameters) : noStates.all,
    }
    if (state) await slots.load(loadStates(this.#table, state.keyField, state.key, state.form), before)
  }

  /** States, dead letters, counts and position: all, or none. */
  async commit(change: StateChange): Promise<void> {
    const isSmall =
      change.slots.changed().reduce((sum, slot) => sum + slot.key.length + (slot.known?.json.length ?? 0), 0) <= limits.literalBytesMax
    const counts = this.#counted(change)
    if (isSmall) await this.#store.script(this.#statements(change, true).map(({ sql }) => sql))
    else {
      await this.#store.transaction(async (tx) => {
        for (const { sql, parameters } of this.#statements(change, false)) await tx.run(sql, parameters)
      })
    }
    change.slots.settle()
    this.#state = { offsets: change.offsets, sequence: change.sequence, outputs: change.outputs }
    this.#counts = counts
  }

  #counted({ read, refused }: StateChange): ProcessorCounts {
    const dead = refused.filter(({ fate }) => fate === 'dead').length
    const skipped = refused.length - dead
    const before = this.#counts
    return {
      read: before.read + read,
      applied: before.applied + read - refused.length,
      dead: before.dead + dead,
      skipped: before.skipped + skipped,
    }
  }

  #statements(change: StateChange, literal: boolean): Statement[] {
    const { state, model } = this.#rule
    const rows = state
      ? writeBack(this.#table, state.table, change.slots.changed(), (parameters) => (literal ? literalBinder : parameterBinder(parameters)))
      : []
    const outputs = JSON.stringify(Object.fromEntries([...change.outputs].map(([topic, offsets]) => [topic, offsets.map(String)])))
    const where = `consumer = ${this.#name} AND stream = ${text(model.from.name)}`
    return [
      ...rows,
      ...deadLetterStatements(change.refused), // which also counts them
      {
        sql: `UPDATE _evert.counts SET "read" = "read" + ${change.read}, applied = applied + ${change.read - change.refused.length} WHERE ${where}`,
      },
      {
        sql: `UPDATE _evert.processors SET sequence = ${change.sequence}, offsets = ${text(JSON.stringify(change.offsets.map(String)))}, outputs = ${text(outputs)} WHERE name = ${this.#name}`,
      },
    ]
  }

  /** Forgets the state and what was counted with it: all of it follows from the log. */
  async #reset(): Promise<void> {
    const { state, model, fingerprint } = this.#rule
    await this.#store.script([
      `DROP TABLE IF EXISTS ${this.#table}`,
      ...(state ? [createFoldTable(this.#table, state.table)] : []),
      `DELETE FROM _evert.processors WHERE name = ${this.#name}`,
      `DELETE FROM _evert.counts WHERE consumer = ${this.#name}`,
      `DELETE FROM _evert.dead_letters WHERE consumer = ${this.#name}`,
      `INSERT INTO _evert.counts VALUES (${this.#name}, ${text(model.from.name)}, 0, 0, 0, 0)`,
      `INSERT INTO _evert.processors VALUES (${this.#name}, ${text(fingerprint)}, ${text(this.#logId)}, 0, '[]', '{}')`,
    ])
  }

  #all(sql: string, parameters?: readonly Parameter[]) {
    return this.#store.transaction((tx) => tx.all(sql, parameters))
  }

  get #name(): string {
    return text(this.#rule.model.name)
  }

  get #table(): string {
    return path('_state', `processor:${this.#rule.model.name}`)
  }
}

function offsetsOf(json: unknown): bigint[] {
  return (JSON.parse(String(json)) as string[]).map(BigInt)
}
