import { ident, list } from '../../connectors/store/quote.ts'
import type { Column } from '../../connectors/store/store.ts'
import { type AggregateState, aggregateState } from './aggregate.ts'
import type { Analyzer } from './analyzer.ts'
import { type Ast, baseTable, isAst, items } from './ast.ts'
import { type Grouped, hasAggregate, takeApart } from './group-ast.ts'
import { expressionsReason, freeName, fromReason, modifiersReason, printOverDelta } from './linear.ts'
import { mayRaise } from './may-raise.ts'
import { type Maintenance, orderOnRead } from './project.ts'
import type { Read } from './resolve.ts'

/**
 * Rule: GROUP BY with count, sum, avg, min, max over exact types of append-only input. The state holds partial results per
 * group; a batch is grouped by itself and merged into the groups that it touches. Groups never leave, since no row does.
 */
export async function planGroup(
  analyzer: Analyzer,
  node: Ast,
  columns: readonly Column[],
  reads: readonly Read[],
): Promise<Maintenance | string> {
  if (node.type !== 'SELECT_NODE') return 'not one SELECT'
  const grouped =
    items(node.group_expressions).length > 0 ||
    node.aggregate_handling === 'FORCE_AGGREGATES' ||
    hasAggregate([node.select_list, node.having], analyzer.functions)
  if (!grouped) return 'it does not group'
  const reason = modifiersReason(node) ?? expressionsReason(node, analyzer.functions, false) ?? fromReason(node, reads, analyzer.functions)
  if (reason !== undefined) return reason
  if (reads.length === 0) return 'it reads no stream'

  const source = await describeNode(analyzer, {
    ...node,
    modifiers: undefined,
    having: undefined,
    where_clause: undefined,
    group_expressions: undefined,
    group_sets: undefined,
    aggregate_handling: 'STANDARD_HANDLING',
    select_list: [{ class: 'STAR', type: 'STAR', exclude_list: [] }],
  })
  const parts = takeApart(node, new Set(source.map((column) => column.name.toLowerCase())), analyzer.functions)
  if (typeof parts === 'string') return parts
  const input = { ...node, where_clause: parts.where }
  const states = await statesOf(analyzer, input, parts)
  if (typeof states === 'string') return states
  const keyTypes = await describeNode(analyzer, partialNode(input, parts, []))
  const keys = parts.keys.map((_, i) => `k${i}`)

  const change = await printOverDelta(analyzer, partialNode(input, parts, states.calls), reads)
  const stateColumns = states.aggregates.flatMap((state) => state.columns)
  const partials = [...keys.map((key) => ident(key)), ...stateColumns.map((column) => `${column.partial} AS ${ident(column.name)}`)].join(
    ', ',
  )
  const stateName = freeName(node, '__state__')
  const outputs = await analyzer.print(outputNode(parts, columns, stateName))
  const values = [
    ...keys.map((key) => ident(key)),
    ...parts.calls.map((call, i) => `${states.aggregates[i]?.value} AS ${ident(call.name)}`),
  ].join(', ')
  const order = orderOnRead(node, columns)
  const names = [...keys, ...stateColumns.map((column) => column.name)]
  if (names.length === 0) return 'it groups, but has neither a key nor an aggregate'
  const updates = stateColumns.map(
    (column) => `${ident(column.name)} = ${column.merge(`t.${ident(column.name)}`, `g.${ident(column.name)}`)}`,
  )
  const added = (delta: (read: Read) => string) => `(SELECT ${partials} FROM (${change(delta)}) AS d)`
  const shown = (table: string) => outputs.replaceAll(stateName, () => `(SELECT ${values} FROM ${table})`)
  // An output that raises must fail the view in its batch, not each of its readers later.
  const check = mayRaise([...parts.outputs, ...(parts.having ? [parts.having] : [])], parts.calls)
    ? (table: string) => [`SELECT bit_xor(hash(q)) FROM (${shown(table)}) AS q`]
    : () => []
  const match = keys.length === 0 ? 'TRUE' : keys.map((key) => `t.${ident(key)} IS NOT DISTINCT FROM g.${ident(key)}`).join(' AND ')
  return {
    strategy: 'linear',
    reason: `GROUP BY with ${parts.calls.length} aggregate${parts.calls.length === 1 ? '' : 's'} that can be merged, over append-only input: a batch touches only its own groups`,
    create: (table) => [
      `CREATE TABLE ${table} (${[...keys.map((key, i) => `${ident(key)} ${keyTypes[i]?.type}`), ...stateColumns.map((column) => `${ident(column.name)} ${column.type}`)].join(', ')})`,
      // Without GROUP BY there is one row from the start: count 0, every other aggregate NULL.
      ...(keys.length === 0 ? [`INSERT INTO ${table} VALUES (${stateColumns.map((column) => column.initial).join(', ')})`] : []),
    ],
    maintain: (table, delta, staged) => [
      ...(staged === undefined ? [] : [`CREATE OR REPLACE TEMP TABLE ${staged} AS ${added(delta)}`]),
      `MERGE INTO ${table} AS t USING ${staged ?? added(delta)} AS g ON ${match} WHEN MATCHED THEN UPDATE SET ${updates.length > 0 ? updates.join(', ') : `${ident(names[0] ?? '')} = t.${ident(names[0] ?? '')}`} WHEN NOT MATCHED THEN INSERT (${list(names)}) VALUES (${names.map((name) => `g.${ident(name)}`).join(', ')})`,
      ...check(table),
    ],
    read: (table) => `${shown(table)}${order}`,
  }
}

/** Groups of the input with the given aggregate calls beside the keys. */
function partialNode(node: Ast, parts: Grouped, calls: readonly { readonly alias: string; readonly call: Ast }[]): Ast {
  const keys = parts.keys.map((key, i) => ({ ...key, alias: `k${i}` }))
  const extra = calls.map((call) => ({ ...call.call, alias: call.alias }))
  const select = [...keys, ...extra]
  return {
    ...node,
    modifiers: undefined,
    having: undefined,
    select_list:
      select.length > 0
        ? select
        : [{ class: 'FUNCTION', type: 'FUNCTION', function_name: 'count_star', alias: 'n', order_bys: { type: 'ORDER_MODIFIER' } }],
    group_expressions: parts.keys.map((key) => ({ ...key, alias: undefined })),
    group_sets: parts.keys.length > 0 ? [parts.keys.map((_, i) => i)] : undefined,
    aggregate_handling: 'STANDARD_HANDLING',
  }
}

function outputNode(parts: Grouped, columns: readonly Column[], stateName: string): Ast {
  return {
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: parts.outputs.map((output, i) => ({ ...output, alias: columns[i]?.name ?? '' })),
    from_table: baseTable('', stateName, 's'),
    ...(parts.having ? { where_clause: parts.having } : {}),
    aggregate_handling: 'STANDARD_HANDLING',
  }
}

interface States {
  readonly aggregates: readonly AggregateState[]
  readonly calls: readonly { readonly alias: string; readonly call: Ast }[]
}

/** Each aggregate's state, and the plain calls that a batch computes for it. */
async function statesOf(analyzer: Analyzer, node: Ast, parts: Grouped): Promise<States | string> {
  const calls: { alias: string; call: Ast }[] = []
  const aggregates: AggregateState[] = []
  for (const call of parts.calls) {
    const argumentAst = items(call.call.children)[0]
    const types = await describeNode(analyzer, partialNode(node, { ...parts, keys: [] }, [{ alias: 'value', call: call.call }]))
    const argument =
      argumentAst && isAst(argumentAst)
        ? (
            await describeNode(analyzer, {
              ...node,
              modifiers: undefined,
              having: undefined,
              group_expressions: undefined,
              group_sets: undefined,
              aggregate_handling: 'STANDARD_HANDLING',
              select_list: [{ ...argumentAst, alias: 'argument' }],
            })
          )[0]?.type
        : undefined
    const used = new Map<string, string>()
    const print = (name: string): string => {
      const alias = used.get(name) ?? `p${calls.length}`
      if (!used.has(name)) {
        used.set(name, alias)
        calls.push({ alias, call: { ...call.call, function_name: name } })
      }
      return ident(alias)
    }
    const state = aggregateState(call, types[0]?.type ?? '', argument, print)
    if (typeof state === 'string') return state
    aggregates.push(state)
  }
  return { aggregates, calls }
}

async function describeNode(analyzer: Analyzer, node: Ast): Promise<readonly Column[]> {
  return analyzer.describe(await analyzer.print(node))
}
