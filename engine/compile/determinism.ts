import { EvertError } from '../../errors.ts'
import type { FunctionKinds } from './analyzer.ts'
import { type Ast, type AstValue, isAst, items, placeOf, textOf, visit } from './ast.ts'
import { offeredNames } from './offered-names.ts'
import type { Read } from './resolve.ts'
import { choosesByOrder } from './ties-aggregates.ts'
import { isAsof, refusedAsof } from './ties-asof.ts'

/**
 * A view is a function of the events up to its position. Text whose answer depends on anything else, or on the order in
 * which DuckDB happens to see rows, is refused when declared, with the clause and the remedy (design §5). DuckDB's own
 * `stability` calls several of these consistent, so this closed list stands beside it.
 */
const clock = new Set([
  'now',
  'today',
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
  'get_current_time',
  'get_current_timestamp',
  'transaction_timestamp',
  'current_localtime',
  'current_localtimestamp',
  'ago',
  'pg_conf_load_time',
  'pg_postmaster_start_time',
])
const session = new Set([
  'current_user',
  'session_user',
  'user',
  'current_role',
  'current_catalog',
  'current_database',
  'current_schema',
  'current_schemas',
  'in_search_path',
  'txid_current',
  'pg_backend_pid',
  'pg_my_temp_schema',
])
/** What SQL lets one write without parentheses, where FROM has no column of that name. */
const bare = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
  'current_user',
  'session_user',
  'user',
  'current_role',
  'current_catalog',
  'current_schema',
])
/** Aggregates whose answer follows the order of the rows: right only with an ORDER BY of their own. */
export const orderedAggregates: ReadonlySet<string> = new Set([
  'list',
  'array_agg',
  'string_agg',
  'group_concat',
  'listagg',
  'first',
  'last',
  'arbitrary',
  'any_value',
  'first_value',
  'last_value',
])
const gathersLists = new Set(['list', 'array_agg'])
const sorts = new Set(['list_sort', 'array_sort', 'list_reverse_sort', 'array_reverse_sort'])
/** DuckDB's macros over such aggregates, which leave no place for an ORDER BY. */
const orderedMacros = new Map([
  ['json_group_array', 'to_json(list(… ORDER BY …))'],
  ['json_group_object', 'to_json(map(list(… ORDER BY …), list(… ORDER BY …)))'],
  ['json_group_structure', 'json_structure(…) of one row'],
])
/** Aggregates that estimate. Those that choose among ties are told how (`ties-aggregates.ts`). */
const estimates = new Map([
  ['approx_count_distinct', 'count(DISTINCT …)'],
  ['approx_quantile', 'quantile_cont(…)'],
  ['approx_top_k', 'a view with GROUP BY … ORDER BY count(*) DESC LIMIT k'],
  ['reservoir_quantile', 'quantile_cont(…)'],
])

type Refuse = (clause: string, why: string, remedy: string) => never

/** Throws `sql-invalid` naming clause and remedy, with its place in the SELECT. `node` is resolved, `reads` what it reads. */
export function refuseNondeterminism(node: Ast, reads: readonly Read[], functions: FunctionKinds): void {
  const sorted = new Set<Ast>()
  let latest = node
  visit(node, (part) => {
    if (part.query_location !== undefined) latest = part
    const refuse = refuseAt(part, latest)
    // DuckDB's parser writes list(x ORDER BY x) as list_sort(list(x)); both are the same in any order of rows.
    if (part.class === 'FUNCTION' && sorts.has(textOf(part.function_name).toLowerCase()))
      for (const child of items(part.children).slice(0, 1)) sorted.add(child)
    if (sorted.has(part) && gathersLists.has(textOf(part.function_name).toLowerCase())) return
    if (part.class === 'FUNCTION' || part.class === 'WINDOW') checkFunction(part, functions, refuse)
    if (part.class === 'WINDOW') checkWindow(part, refuse)
    if (isAst(part.sample))
      refuse('TABLESAMPLE', 'takes other rows each time', 'Filter by a hash of a column instead: WHERE hash(id) % 100 < 10.')
    if (isAst(part.cte_map)) checkModifiers(part, refuse)
    if (part.type === 'JOIN' && part.ref_type === 'POSITIONAL')
      refuse('POSITIONAL JOIN', 'depends on the order of stored rows', 'Join by a key.')
    const asof = isAsof(part) ? refusedAsof(part) : undefined
    if (asof) refuse('ASOF JOIN', asof.why, asof.remedy)
    if (part.class === 'COLLATE')
      refuse(
        'COLLATE',
        'makes texts equal that are not, and which of them is shown depends on the order of the rows',
        'Write lower(x), or strip_accents(lower(x)), in the SELECT.',
      )
  })
  checkBareNames(node, reads)
}

/** `before`: what stands before it in the text, for nodes that DuckDB's parser made up. */
function refuseAt(part: Ast, before: Ast): Refuse {
  return (clause, why, remedy) => {
    throw new EvertError('sql-invalid', `${clause} ${why}. ${remedy}`, { details: { clause, byte: placeOf(part) ?? placeOf(before) } })
  }
}

/** `current_date` without parentheses is the clock, unless a column or an alias of that name is in scope. */
function checkBareNames(node: Ast, reads: readonly Read[]): void {
  const walk = (value: AstValue, scope: ReadonlySet<string>): void => {
    if (Array.isArray(value)) {
      for (const item of value as readonly AstValue[]) walk(item, scope)
    } else if (isAst(value)) {
      const inside = value.type === 'SELECT_NODE' ? new Set([...scope, ...offeredNames(value, node, reads)]) : scope
      const names = value.type === 'COLUMN_REF' ? (value.column_names as readonly string[]) : []
      const name = (names[0] ?? '').toLowerCase()
      if (names.length === 1 && bare.has(name) && !scope.has(name)) {
        const refuse = refuseAt(value, value)
        if (clock.has(name)) refuse(name, 'reads the clock', "Use the event's own time field, or _time, the time of the append.")
        refuse(name, 'depends on the session', 'Leave it out.')
      }
      for (const [key, inner] of Object.entries(value)) walk(inner, key === 'from_table' ? scope : inside)
    }
  }
  walk(node, new Set())
}

function checkFunction(part: Ast, functions: FunctionKinds, refuse: Refuse): void {
  const name = textOf(part.function_name).toLowerCase()
  if (clock.has(name)) refuse(`${name}()`, 'reads the clock', "Use the event's own time field, or _time, the time of the append.")
  if (session.has(name)) refuse(`${name}()`, 'depends on the session', 'Leave it out.')
  if (name === 'age' && items(part.children).length === 1) refuse('age() with one argument', 'reads the clock', 'Give both timestamps.')
  if (functions.volatile.has(name))
    refuse(`${name}()`, 'gives another value each time', 'Compute it before the append, and put it in the event.')
  const exact = estimates.get(name)
  if (exact !== undefined) refuse(`${name}()`, 'is an estimate', `Use ${exact}.`)
  if (choosesByOrder(name) && (items((part.order_bys as Ast | undefined)?.orders).length > 0 || items(part.arg_orders).length > 0))
    refuse(
      `${name}() with ORDER BY`,
      'has two orders',
      'Leave ORDER BY out: rows that tie are told apart by their values; or write first(value ORDER BY order DESC, …).',
    )
  const ordered = orderedMacros.get(name)
  if (ordered !== undefined) refuse(`${name}()`, 'depends on the order in which rows are seen', `Use ${ordered}.`)
  if (part.class === 'FUNCTION' && orderedAggregates.has(name) && items((part.order_bys as Ast | undefined)?.orders).length === 0) {
    refuse(`${name}() without ORDER BY`, 'depends on the order in which rows are seen', `Write ${name}(… ORDER BY …), or min()/max().`)
  }
}

const picks = new Set(['row_number', 'ntile', 'lag', 'lead', 'first', 'last', 'first_value', 'last_value', 'nth_value', 'fill'])
/** Window aggregates that gather: ties in the window's order would show in the value. */
const gathers = new Set(['list', 'array_agg', 'string_agg', 'group_concat', 'listagg', 'any_value', 'arbitrary'])

/** Windows that number or pick rows need an order; ties in it are broken by `ties.ts`. */
function checkWindow(part: Ast, refuse: Refuse): void {
  const name = textOf(part.function_name).toLowerCase()
  const isOrdered = items(part.orders).length > 0
  if (picks.has(name) && !isOrdered && items(part.arg_orders).length === 0) {
    refuse(`${name}() OVER without ORDER BY`, 'depends on the order in which rows are seen', 'Write OVER (… ORDER BY …).')
  }
  if (gathers.has(name) && items(part.arg_orders).length === 0) {
    refuse(
      `${name}() OVER without an ORDER BY of its own`,
      'depends on the order in which rows are seen',
      `Write ${name}(… ORDER BY …) OVER (…).`,
    )
  }
  const frame = [textOf(part.start), textOf(part.end)]
  const isWhole = frame[0] === 'UNBOUNDED_PRECEDING' && frame[1] === 'UNBOUNDED_FOLLOWING'
  if (!isOrdered && !isWhole && frame.some((bound) => bound.endsWith('_ROWS'))) {
    refuse('ROWS without ORDER BY', 'counts rows in whichever order they are seen', 'Write OVER (… ORDER BY … ROWS …).')
  }
}

function checkModifiers(part: Ast, refuse: Refuse): void {
  const modifiers = items(part.modifiers)
  const has = (type: string) => modifiers.some((modifier) => modifier.type === type)
  const limited = has('LIMIT_MODIFIER') || has('LIMIT_PERCENT_MODIFIER')
  if (limited && !has('ORDER_MODIFIER'))
    refuse(
      'LIMIT without ORDER BY',
      'keeps whichever rows come first',
      'Write ORDER BY … LIMIT …; ties are broken by the remaining columns.',
    )
  for (const modifier of modifiers) {
    const on = modifier.distinct_on_targets as AstValue
    if (modifier.type === 'DISTINCT_MODIFIER' && Array.isArray(on) && on.length > 0 && !has('ORDER_MODIFIER')) {
      refuse('DISTINCT ON without ORDER BY', 'keeps whichever row comes first', 'Write ORDER BY after it.')
    }
  }
}
