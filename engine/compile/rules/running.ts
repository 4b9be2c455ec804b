import type { Col, Window } from '../algebra/op.ts'
import { canonical, items, textOf } from '../ast.ts'
import { type RunningCall, runningCall } from './running-calls.ts'
import { columnOrder, orderText, type Term, termsOf } from './running-order.ts'
import { type Key, keysOf } from './touched.ts'

/**
 * Windows whose value in a row follows from the rows before it: numbers, `lag`, running sums. Where the rows that come stand behind
 * all that their partition has, nothing else changes, and a few values of its last row are all that they follow from.
 */
export interface Running {
  readonly op: Window
  readonly partition: readonly Key[]
  readonly calls: readonly RunningCall[]
  /** `PARTITION BY … `, or nothing. */
  readonly by: string
  /** The longest order: `OVER (…)` for what is computed beside the windows themselves. */
  readonly over: string
  /** What a row must be behind, as one comparable value. */
  readonly place: Place
  /** Equals of the last row come too late: they share a value with it. */
  readonly isStrict: boolean
  /** Rows stand in the order of a time, as events mostly come. */
  readonly isInTime: boolean
  /** No two rows are equal: a window numbers them. */
  readonly isNumbered: boolean
}

/** A row's place in the order: greater is later, or lesser where it is `descending`. */
export interface Place {
  readonly sql: string
  readonly descending: boolean
}

/** The windows as running ones; undefined where one of them is none, or where their orders are not one another's beginning. */
export function runningOf(op: Window): Running | undefined {
  const found: { readonly call: RunningCall; readonly order: readonly Term[] }[] = []
  const partitions = op.partition.map((part) => canonical(part.ast)).join()
  for (const [at, window] of op.windows.entries()) {
    const { ast } = window.expr
    const order = columnOrder(ast, op.input.columns)
    // In another order of its partition's parts, DuckDB would sort once more, and equals could stand in another order.
    if (!order || order.length === 0 || items(ast.partitions).map(canonical).join() !== partitions) return undefined
    const call = runningCall(window, `_s${at}`, op.input.columns)
    if (!call) return undefined
    found.push({ call, order })
  }
  const texts = found.map(({ order }) => termsOf(order))
  const longest = texts.reduce((one, other) => (other.length > one.length ? other : one), [])
  const fits = found.every(({ call }, at) => {
    const own = texts[at] ?? []
    return own.every((text, i) => text === longest[i]) && (call.sharesWithPeers || own.length === longest.length)
  })
  if (!fits) return undefined
  const orders = found.map(({ order }) => order).sort((one, other) => one.length - other.length)
  const shared = found.filter(({ call }) => call.sharesWithPeers).map(({ order }) => order)
  const [least] = shared.sort((one, other) => one.length - other.length)
  const deciding = least ?? orders.at(-1) ?? []
  const by = op.partition.length > 0 ? `PARTITION BY ${op.partition.map((part) => part.sql).join(', ')} ` : ''
  return {
    op,
    partition: op.partition.length > 0 ? keysOf(op.partition, op.input.columns) : [{ sql: '1', nullable: false }],
    calls: found.map(({ call }) => call),
    by,
    over: `OVER (${by}ORDER BY ${longest.join(', ')})`,
    place: placeOf(deciding),
    isStrict: least !== undefined,
    isInTime: deciding[0]?.descending === false && /^(DATE|TIMESTAMP)/.test(deciding[0].column.type),
    isNumbered: op.windows.some(({ expr }) => textOf(expr.ast.function_name).toLowerCase() === 'row_number'),
  }
}

/** Cheap to keep and to update as they are. */
const narrow = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|DATE|TIME|TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?|DECIMAL\((\d|1[0-8]),\d+\))$/

function placeOf(order: readonly Term[]): Place {
  const [term, ...others] = order
  if (term && others.length === 0 && isPlain(term.column)) return { sql: `"${term.column.id}"`, descending: term.descending }
  const parts = order.map((one) => `"${one.column.id}", '${orderText(one)}'`)
  // The text at its end makes it a BLOB whatever the types are.
  return { sql: `create_sort_key(${[...parts, "'', 'ASC NULLS LAST'"].join(', ')})`, descending: false }
}

function isPlain({ type, nullable }: Col): boolean {
  return !nullable && narrow.test(type)
}
