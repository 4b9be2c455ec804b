import { EvertError } from '../../errors.ts'
import { type Ast, canonical, columnRef, items, placeOf, replace, textOf, visit } from './ast.ts'

const numbering = new Set(['row_number', 'ntile', 'lag', 'lead', 'fill'])
const picking = new Set(['first', 'last', 'first_value', 'last_value', 'nth_value'])

/** Does each row of those that tie have an answer of its own, by the order in which they stand? Numbers do, and frames that count rows. */
function numbersRows(window: Ast): boolean {
  const isGiven = items(window.arg_orders).length > 0
  return (isOrdered(window) && isCounted(window)) || ((isOrdered(window) || isGiven) && numbering.has(nameOf(window)))
}

/**
 * A window whose answer depends on how ties are ordered, with the order in which they stand. What picks a row of a frame by values (RANGE,
 * which is the default, or GROUPS) picks by that order among all that tie, and they have one answer, as SQL says: the frame itself stays.
 */
export function withTail(window: Ast, tail: readonly Ast[]): Ast {
  const orders = [...items(window.orders), ...tail]
  const own = items(window.arg_orders)
  const isPicked = picking.has(nameOf(window)) && own.length === 0 // where it is given an order, that has its tail (`ties.ts`)
  if (own.length > 0 && numbering.has(nameOf(window))) return { ...window, arg_orders: [...own, ...tail] }
  if (numbersRows(window)) return { ...window, orders }
  if (!isPicked || !isOrdered(window)) return window
  const isFirst = nameOf(window).startsWith('first') && window.start === 'UNBOUNDED_PRECEDING'
  return isFirst ? { ...window, orders } : { ...window, arg_orders: orders }
}

function isOrdered(window: Ast): boolean {
  return items(window.orders).length > 0
}

function isCounted(window: Ast): boolean {
  return `${textOf(window.start)} ${textOf(window.end)}`.includes('ROWS')
}

function nameOf(window: Ast): string {
  return textOf(window.function_name).toLowerCase()
}

/**
 * Do windows of one SELECT put its rows in different orders? Rows that are equal to all that it looks at are one another's equals in a
 * single order, whichever comes first. In two orders each could number them its own way, and then it is open which of one's answers
 * stands beside which of the other's: such rows have to be told apart.
 */
export function orderDifferently(select: Ast): boolean {
  if (select.type !== 'SELECT_NODE') return false
  const orders = new Set<string>()
  visit([select.select_list, select.qualify], (part) => {
    if (part.class === 'SUBQUERY') return false
    if (part.class === 'WINDOW' && numbersRows(part)) orders.add(canonical([part.partitions, part.orders, part.arg_orders]))
  })
  return orders.size > 1
}

/** Does any SELECT of the tree have such windows? */
export function someOrderDifferently(node: Ast): boolean {
  let found = false
  visit(node, (part) => {
    found ||= orderDifferently(part)
    return !found
  })
  return found
}

/** The column by which equal rows are told apart, of the `at`th relation of a FROM: different names, since NATURAL joins by equal ones. */
function twinName(at: number): string {
  return `_evert_twin_${at}`
}

/** FROM item: the same rows under the same alias, the equal ones among them numbered. Which of them has which number is all the same. */
export function withTwins(part: Ast, alias: string, at: number): Ast {
  const number: Ast = {
    class: 'WINDOW',
    type: 'WINDOW_ROW_NUMBER',
    alias: twinName(at),
    function_name: 'row_number',
    partitions: [columnRef(alias)],
    start: 'UNBOUNDED_PRECEDING',
    end: 'CURRENT_ROW_RANGE',
  }
  const node: Ast = {
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: [{ class: 'STAR', type: 'STAR', exclude_list: [] }, number],
    from_table: { ...part, alias },
    aggregate_handling: 'STANDARD_HANDLING',
  }
  return { type: 'SUBQUERY', alias, subquery: { node } }
}

/** A SELECT without the twins' numbers in what it shows: `*` stands for what it stood for. Throws `sql-invalid` where they would be seen. */
export function hidingTwins(select: Ast, twins: ReadonlyMap<string, number>): Ast {
  if (twins.size === 0) return select
  const hide = (part: Ast): Ast | undefined => {
    if (part.class === 'SUBQUERY') return part
    const names = (part.class === 'COLUMN_REF' ? (part.column_names as readonly string[]) : []).map((name) => name.toLowerCase())
    if (part.type === 'POSITIONAL_REFERENCE' || (part.type === 'STAR' && part.expr !== undefined) || twins.has(names.at(-1) ?? ''))
      throw new EvertError(
        'sql-invalid',
        'Windows of this SELECT order its rows differently, and equal rows would have to be told apart in what it shows as a whole (a row, COLUMNS(…), #1). Name the columns that are shown, or number the rows first: WITH r AS (SELECT *, row_number() OVER (ORDER BY …) AS n FROM …).',
        { details: { byte: placeOf(part) } },
      )
    if (part.type !== 'STAR') return undefined
    const of = textOf(part.relation_name).toLowerCase()
    const hidden = [...twins].flatMap(([alias, at]) => (of === '' || of === alias ? [twinName(at)] : []))
    return { ...part, exclude_list: [...((part.exclude_list ?? []) as readonly string[]), ...hidden] }
  }
  return {
    ...select,
    select_list: replace(select.select_list, hide),
    ...(select.qualify === undefined ? {} : { qualify: replace(select.qualify, hide) }),
  }
}
