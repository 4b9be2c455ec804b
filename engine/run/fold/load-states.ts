import type { Parameter, Transaction } from '../../../connectors/store/store.ts'
import type { Field } from '../../model/types.ts'
import { parameterBinder } from '../source.ts'
import { type KeyForm, keyColumn } from './key-form.ts'
import type { Known, StateForm } from './state-form.ts'

/** Reads states back from a table that has the key's column, `_state` and `_partition`. */
export interface LoadStates {
  states(store: Transaction, keys: readonly string[]): Promise<{ key: string; known: Known; partition: number }[]>
  isEmpty(store: Transaction): Promise<boolean>
}

/** Up to this many keys go as constants, so that DuckDB prunes by them; beyond, as one list that it joins with. */
const constantsMax = 50

export function loadStates(table: string, keyField: Field, form: KeyForm, states: StateForm): LoadStates {
  const column = keyColumn(keyField)
  return {
    states: async (store, keys) => {
      const parameters: Parameter[] = []
      const among =
        keys.length <= constantsMax
          ? keys.map((key) => form.literal(key)).join(', ')
          : `SELECT ${form.fromText('_k')} FROM (SELECT unnest(from_json(${parameterBinder(parameters).bytes(Buffer.from(JSON.stringify(keys)))}, '["VARCHAR"]')) AS _k)`
      const rows = await store.all(
        `SELECT ${form.toText(column)} AS _k, _state AS _s, _partition AS _p FROM ${table} WHERE ${column} IN (${among})`,
        parameters,
      )
      const known = states.readAll(rows.map((row) => row._s as string))
      return rows.map((row, i) => ({ key: row._k as string, known: known[i] as Known, partition: row._p as number }))
    },
    isEmpty: async (store) => (await store.all(`SELECT 1 AS _one FROM ${table} LIMIT 1`)).length === 0,
  }
}
