import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Output } from '../algebra/op.ts'
import { type Ast, isAst, items, textOf } from '../ast.ts'
import { sumType } from './aggregates/linear.ts'
import { averagedSum, quotient } from './aggregates/moments.ts'
import { columnOrder, type Lookup, termsOf } from './running-order.ts'

/**
 * One window that runs. Texts are over a row of the batch (`b`: the input's columns, `_m`, its number in its partition's part of the
 * batch, `_b…`, the window over the batch alone, and `more`) and over what is kept of its partition's last row (`Reading.kept`; NULL
 * where the partition is new): `_n`, the number of its rows, and the state.
 */
export interface RunningCall {
  readonly col: Col
  /** The window itself, over the batch alone: `[name, text]`; and others that its value or state needs. */
  readonly batch: readonly [string, string]
  more(windows: { readonly partition: string; readonly longest: string }): readonly (readonly [string, string])[]
  /** Its value in a row behind those that are kept. */
  readonly value: string
  /** What the next batch needs of the last row: from the row as it is kept, or (`hidden`) beside it, where nothing was kept and where something was. */
  readonly state: readonly {
    readonly name: string
    readonly sql: string
    readonly hidden?: { readonly alone: string; readonly behind: string }
  }[]
  /** Rows that tie in its order have one value. */
  readonly sharesWithPeers: boolean
  /** One more of them may leave it as it is; then it leaves the state as it is, too. */
  readonly maySettle: boolean
}

/** Values that equal ones look like: of the least of a batch and that of a state either may be shown. */
const comparable = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL.*|VARCHAR|BOOLEAN|DATE|TIME|TIMESTAMP.*)$/
const sums = /^(HUGEINT|DECIMAL\(38,\d+\))$/

/** How a window is read: its state's name, where what is kept stands, and the columns that it names. */
export interface Reading {
  readonly name: string
  /** SQL of what is kept under a name of the partition's last row: `_n`, or of the state. */
  readonly kept: (name: string) => string
  readonly columnOf: Lookup
}

/** A window as a running one; undefined where it is none. */
export function runningCall({ col, expr: { ast, sql } }: Output, { name, kept: keptOf, columnOf }: Reading): RunningCall | undefined {
  if (ast.class !== 'WINDOW' || ast.distinct === true || ast.ignore_nulls === true || items(ast.arg_orders).length > 0) return undefined
  if (textOf(ast.exclude_clause) !== '' && ast.exclude_clause !== 'NO_OTHER') return undefined
  const call = textOf(ast.function_name).toLowerCase()
  const children = items(ast.children)
  const own = `b.${ident(`${name} batch`)}`
  const kept = keptOf(name)
  const keptCount = keptOf('_n')
  const isFramed = ast.start === 'UNBOUNDED_PRECEDING' && /^CURRENT_ROW_/.test(textOf(ast.end))
  const running = (value: string, some: Partial<RunningCall> = {}): RunningCall => ({
    col,
    batch: [`${name} batch`, sql],
    more: () => [],
    value: `CAST(${value} AS ${col.type})`,
    state: [{ name, sql: ident(col.id) }],
    sharesWithPeers: false,
    maySettle: false,
    ...some,
  })
  if (isAst(ast.filter_expr) && !['count', 'count_star', 'sum', 'min', 'max'].includes(call)) return undefined
  switch (call) {
    case 'row_number':
      return running(`coalesce(${keptCount}, 0) + ${own}`, { state: [] })
    case 'rank':
      return running(`coalesce(${keptCount}, 0) + ${own}`, { state: [], sharesWithPeers: true })
    case 'dense_rank':
    case 'rank_dense':
      return running(`coalesce(${kept}, 0) + ${own}`, { sharesWithPeers: true })
    case 'lag':
      return lagged(running, { ast, own, name, keptOf, argument: children[0] && columnOf(children[0]) })
    case 'first_value':
      return isFramed ? running(`CASE WHEN ${keptCount} IS NULL THEN ${own} ELSE ${kept} END`) : undefined
    case 'last_value':
      return isFramed && ast.end === 'CURRENT_ROW_ROWS' ? running(own, { state: [] }) : undefined // in other frames equals share it
    default:
      break
  }
  const sharesWithPeers = ast.end !== 'CURRENT_ROW_ROWS'
  if (!isFramed || children.length > 1) return undefined
  switch (call) {
    case 'count':
    case 'count_star':
      return running(`coalesce(${kept}, 0) + ${own}`, { sharesWithPeers, maySettle: children.length > 0 })
    case 'min':
    case 'max':
      if (!comparable.test(col.type)) return undefined
      return running(`${call === 'min' ? 'least' : 'greatest'}(${kept}, ${own})`, { sharesWithPeers, maySettle: true }) // both pass over NULL
    case 'sum': {
      if (!sums.test(col.type)) return undefined
      const argument = children[0] && columnOf(children[0])
      const type = argument ? sumType(argument.type) : col.type === 'HUGEINT' ? 'BIGINT' : col.type
      if (type === undefined) return undefined
      const state = [{ name, sql: `CAST(${ident(col.id)} AS ${type})` }]
      return running(`coalesce(${kept} + ${own}, ${kept}, ${own})`, { state, sharesWithPeers, maySettle: true })
    }
    case 'avg':
    case 'mean':
      return averaged(running, { ast, name, keptOf, argument: children[0] && columnOf(children[0]) }, columnOf)
    default:
      return undefined
  }
}

type Running = (value: string, some: Partial<RunningCall>) => RunningCall

/** `avg(x)`: the sum and the count are kept. */
function averaged(running: Running, { ast, name, keptOf, argument }: Omit<Lag, 'own'>, columnOf: Lookup): RunningCall | undefined {
  const type = argument && averagedSum(argument.type)
  if (!argument || type === undefined) return undefined
  const unit = textOf(ast.end).replace('CURRENT_ROW_', '')
  const order = termsOf(columnOrder(ast, columnOf) ?? []).join(', ')
  const [sum, count] = [`${name} sum`, `${name} count`]
  const batch = (part: string) => `b.${ident(`${part} batch`)}`
  const behind = {
    sum: `CAST(coalesce(${keptOf(sum)} + ${batch(sum)}, ${keptOf(sum)}, ${batch(sum)}) AS ${type})`,
    count: `(coalesce(${keptOf(count)}, 0) + ${batch(count)})`,
  }
  return running(quotient(behind.sum, behind.count, argument.type), {
    more: ({ partition }) => {
      const over = `OVER (${partition}ORDER BY ${order} ${unit} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
      return [sum, count].map((part) => [`${part} batch`, `${part === sum ? 'sum' : 'count'}(${ident(argument.id)}) ${over}`] as const)
    },
    state: [
      { name: sum, sql: ident(sum), hidden: { alone: `CAST(${batch(sum)} AS ${type})`, behind: behind.sum } },
      { name: count, sql: ident(count), hidden: { alone: batch(count), behind: behind.count } },
    ],
    sharesWithPeers: unit !== 'ROWS',
    maySettle: true,
  })
}

/** How far back `lag` may look: as many values are kept of each partition. */
const reachMax = 8

interface Lag {
  readonly ast: Ast
  readonly own: string
  readonly name: string
  readonly keptOf: Reading['kept']
  readonly argument: Col | undefined
}

/** `lag(x, n)`: of the last rows the n last values of x are kept. */
function lagged(running: Running, { ast, own, name, keptOf, argument }: Lag): RunningCall | undefined {
  const reach = ast.offset_expr === undefined ? 1 : isAst(ast.offset_expr) ? integerOf(ast.offset_expr) : undefined
  if (!argument || reach === undefined || reach < 1 || reach > reachMax) return undefined
  const back = (steps: number) => `${name} ${steps}`
  /** The value of the row `steps` before, which is in the batch, in the state, or nowhere. */
  const reaching = (steps: number, batch: string) => {
    const cases = Array.from({ length: steps }, (_, i) => ` WHEN b._m = ${steps - i} THEN ${keptOf(back(i))}`).join('')
    return `CASE WHEN b._m > ${steps} OR coalesce(${keptOf('_n')}, 0) + b._m <= ${steps} THEN ${batch}${cases} END`
  }
  const beside = (steps: number) => ident(`${back(steps)} batch`)
  return running(reaching(reach, own), {
    more: ({ longest }) =>
      Array.from({ length: reach - 1 }, (_, i) => [`${back(i + 1)} batch`, `lag(${ident(argument.id)}, ${i + 1}) ${longest}`] as const),
    state: Array.from({ length: reach }, (_, steps) => {
      if (steps === 0) return { name: back(0), sql: ident(argument.id) }
      const batch = `b.${beside(steps)}`
      return { name: back(steps), sql: ident(back(steps)), hidden: { alone: batch, behind: reaching(steps, batch) } }
    }),
  })
}

function integerOf(ast: Ast): number | undefined {
  const value = ast.class === 'CONSTANT' && isAst(ast.value) && ast.value.is_null !== true ? ast.value.value : undefined
  const number = value === undefined || typeof value === 'boolean' ? Number.NaN : Number(String(value))
  return Number.isSafeInteger(number) ? number : undefined
}
