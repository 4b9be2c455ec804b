import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Op, Output, Window } from '../algebra/op.ts'
import { canonical, items, textOf } from '../ast.ts'
import { plainId } from '../bind/expr.ts'
import { type RunningCall, runningCall } from './running-calls.ts'
import { columnOrder, type Lookup, orderText, type Term, termsOf } from './running-order.ts'
import { rootsOf, type Stage, stacksOf } from './running-stages.ts'
import { type Key, keysOf } from './touched.ts'

/**
 * Windows whose value in a row follows from the rows before it: numbers, `lag`, running sums. Where the rows that come stand behind
 * all that their partition has, nothing else changes, and a few values of its last row are all that they follow from. Windows over
 * such windows, with the same partitions and orders, are kept with them (`running-stages.ts`).
 */
export interface Running {
  readonly op: Window
  /** The rows that the lowest window looks at. */
  readonly input: Op
  readonly partition: readonly Key[]
  /** The lowest first. */
  readonly stages: readonly [RunningStage, ...RunningStage[]]
  /** What is computed of a row, each once: the input's columns, and what the stages add. */
  readonly columns: readonly Col[]
  /** Those that are kept: the input's, from which a partition is computed anew, and those that `op` shows. */
  readonly kept: readonly Col[]
  /** The kept column that one of `op` is. */
  readonly rootOf: (column: Col) => Col
  /** `PARTITION BY … `, or nothing. */
  readonly by: string
  /** The longest order: `OVER (…)` for what is computed beside the windows themselves. */
  readonly over: string
  /** What a row must be behind, as one comparable value. */
  readonly place: Place
  /** What equals of a partition's last row are, since they may share a value with it: behind it; behind where they leave the value as it is; or too late. */
  readonly equals: 'behind' | 'behind if settled' | 'late'
  /** Rows stand in the order of a time, as events mostly come. */
  readonly isInTime: boolean
  /** No two rows are equal: a window numbers them. */
  readonly isNumbered: boolean
}

export interface RunningStage {
  /** What is computed of each row before. */
  readonly between: readonly Output[]
  readonly calls: readonly RunningCall[]
}

/** A row's place in the order: greater is later, or lesser where it is `descending`. */
export interface Place {
  readonly sql: string
  readonly descending: boolean
}

/**
 * The windows as running ones, with as many of those below as run too; undefined where one of `op` itself is none, or where their
 * orders are not one another's beginning.
 */
export function runningOf(op: Window): Running | undefined {
  for (const stages of stacksOf(op)) {
    const running = runningStack(op, stages)
    if (running) return running
  }
  return undefined
}

interface Found {
  readonly call: RunningCall
  readonly order: readonly Term[]
}

function runningStack(op: Window, stages: readonly [Stage, ...Stage[]]): Running | undefined {
  const [lowest, ...others] = stages
  const rootOf = rootsOf(stages)
  const found: Found[][] = []
  for (const [level, { op: window }] of stages.entries()) {
    const ofStage = runningCalls(window, rootOf, level)
    // Equals may stand in another order when they are sorted once more, so above the lowest they must have one value.
    if (!ofStage || (level > 0 && !ofStage.every(({ call }) => call.sharesWithPeers))) return undefined
    found.push(ofStage)
  }
  if (!others.every((stage) => arePartitionedAlike(lowest.op, stage.op, rootOf))) return undefined
  const all = found.flat()
  const { input } = lowest.op
  const ids = new Set(input.columns.map(({ id }) => id))
  if (others.length > 0 && !all.every(({ order }) => order.every((term) => ids.has(term.column.id)))) return undefined
  const texts = all.map(({ order }) => termsOf(order))
  const longest = texts.reduce((one, other) => (other.length > one.length ? other : one), [])
  const fits = all.every(({ call }, at) => {
    const own = texts[at] ?? []
    return own.every((text, i) => text === longest[i]) && (call.sharesWithPeers || own.length === longest.length)
  })
  if (!fits) return undefined
  const orders = all.map(({ order }) => order).sort((one, other) => one.length - other.length)
  const shared = all.filter(({ call }) => call.sharesWithPeers).map(({ order }) => order)
  const [least] = shared.sort((one, other) => one.length - other.length)
  const deciding = least ?? orders.at(-1) ?? []
  const { partition } = lowest.op
  const isOneOrder = orders.every((order) => order.length === orders[0]?.length)
  const maySettle = isOneOrder && all.every(({ call }) => !call.sharesWithPeers || call.maySettle)
  const by = partition.length > 0 ? `PARTITION BY ${partition.map((part) => part.sql).join(', ')} ` : ''
  const columns = distinct([...input.columns, ...stages.flatMap((stage) => stage.op.columns).map(rootOf)])
  const shown = new Set(op.columns.map((column) => rootOf(column).id))
  const numbers = stages
    .flatMap((stage) => stage.op.windows)
    .filter(({ expr }) => textOf(expr.ast.function_name).toLowerCase() === 'row_number')
  const stage = ({ between }: Stage, level: number): RunningStage => ({ between, calls: (found[level] ?? []).map(({ call }) => call) })
  return {
    op,
    input,
    partition: partition.length > 0 ? keysOf(partition, input.columns) : [{ sql: '1', nullable: false }],
    stages: [stage(lowest, 0), ...others.map((one, i) => stage(one, i + 1))],
    columns,
    kept: columns.filter(({ id }) => ids.has(id) || shown.has(id)),
    rootOf,
    by,
    over: `OVER (${by}ORDER BY ${longest.join(', ')})`,
    place: placeOf(deciding),
    equals: least === undefined ? 'behind' : maySettle ? 'behind if settled' : 'late',
    isInTime: deciding[0]?.descending === false && /^(DATE|TIMESTAMP)/.test(deciding[0].column.type),
    isNumbered: numbers.some(({ col }) => shown.has(col.id)),
  }
}

/** What is kept under a name, beside a row of the batch. */
export function keptName(name: string): string {
  return `kept ${name}`
}

function runningCalls(op: Window, rootOf: (column: Col) => Col, level: number): Found[] | undefined {
  const columnOf: Lookup = (ast) => {
    const id = plainId(ast)
    const column = op.input.columns.find((one) => one.id === id)
    return column && rootOf(column)
  }
  const partitions = items(op.windows[0]?.expr.ast.partitions).map(canonical).join()
  const found = op.windows.map((window, at): Found | undefined => {
    const { ast } = window.expr
    const order = columnOrder(ast, columnOf)
    // In another order of its partition's parts, DuckDB would sort once more, and equals could stand in another order.
    if (!order || order.length === 0 || items(ast.partitions).map(canonical).join() !== partitions) return undefined
    const kept = (name: string) => (level === 0 ? `s.${ident(name)}` : `b.${ident(keptName(name))}`)
    const call = runningCall(window, { name: level === 0 ? `_s${at}` : `_s${level}.${at}`, kept, columnOf })
    return call && { call, order }
  })
  return found.every((one) => one !== undefined) ? found : undefined
}

/** Are both partitioned by the same columns? */
function arePartitionedAlike(lowest: Window, other: Window, rootOf: (column: Col) => Col): boolean {
  const namesOf = ({ partition, input }: Window) =>
    partition.map(({ ast }) => {
      const id = plainId(ast)
      const column = input.columns.find((one) => one.id === id)
      return column && rootOf(column).id
    })
  const [one, two] = [namesOf(lowest), namesOf(other)]
  return !one.includes(undefined) && one.length === two.length && new Set([...one, ...two]).size === new Set(one).size
}

function distinct(columns: readonly Col[]): readonly Col[] {
  return [...new Map(columns.map((column) => [column.id, column])).values()]
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
