import { type Ast, items, textOf } from './ast.ts'

/**
 * Aggregates that choose among rows that tie, with the choice made: `arg_max(v, o)` and its kin show the greatest v of the rows
 * with the greatest o, `arg_min(v, o)` the least v of those with the least o (NULL is greater than anything), and `mode(x)` the
 * least of the most frequent values. Which rows count at all is DuckDB's own rule.
 */

interface Choice {
  /** The same choice by an order that may be NULL. */
  readonly name: string
  /** Rows whose order is NULL are chosen when there are no others. */
  readonly nullsLast?: boolean
}

const choices = new Map<string, Choice>([
  ...['arg_max', 'argmax', 'max_by', 'arg_min', 'argmin', 'min_by', 'arg_max_null', 'arg_min_null'].map(
    (name) => [name, { name }] as const,
  ),
  ['arg_max_nulls_last', { name: 'arg_max_null', nullsLast: true }],
  ['arg_min_nulls_last', { name: 'arg_min_null', nullsLast: true }],
])

/** Is it an aggregate that shows one value of the row where another is least or greatest? */
export function choosesByOrder(name: string): boolean {
  return choices.has(name)
}

/** `arg_max(v, o)` → `arg_max(v, {_order: o, _value: v})`, also OVER a window; undefined for other functions. */
export function chooseByValue(call: Ast): Ast | undefined {
  const choice = choices.get(textOf(call.function_name).toLowerCase())
  const [value, order, ...count] = items(call.children)
  if (!choice || !value || !order) return undefined
  const isNull = (type: 'OPERATOR_IS_NULL' | 'OPERATOR_IS_NOT_NULL'): Ast => ({ class: 'OPERATOR', type, children: [order] })
  const fields = [field(tieFields.order, order), field(tieFields.value, value)]
  // In an order that goes up NULL comes last by itself, but as a part of a struct it has to be the first one that says so.
  const known = isNull(choice.name === 'arg_max_null' ? 'OPERATOR_IS_NOT_NULL' : 'OPERATOR_IS_NULL')
  const by = choice.nullsLast
    ? struct([field(tieFields.known, known), ...fields])
    : ({
        class: 'CASE',
        type: 'CASE_EXPR',
        case_checks: [{ when_expr: isNull('OPERATOR_IS_NOT_NULL'), then_expr: struct(fields) }],
        else_expr: { class: 'CONSTANT', type: 'VALUE_CONSTANT', value: { type: { id: 'NULL' }, is_null: true } },
      } as const)
  // Of equal rows it is all the same how many there are, unless several are shown.
  const { distinct, ...rest } = call
  return {
    ...rest,
    ...(count.length > 0 && distinct !== undefined ? { distinct } : {}),
    function_name: choice.name,
    children: [value, by, ...count],
  }
}

const tieFields = { known: '_known', order: '_order', value: '_value' } as const

/** The value within an order that `chooseByValue` made, by the order's type; undefined for other orders. */
export function valueInOrder(type: string): string | undefined {
  return /^STRUCT\((_known BOOLEAN, )?_order /.test(type) ? tieFields.value : undefined
}

function struct(children: readonly Ast[]): Ast {
  return { class: 'FUNCTION', type: 'FUNCTION', function_name: 'struct_pack', children, order_bys: { type: 'ORDER_MODIFIER' } }
}

function field(name: string, value: Ast): Ast {
  return { ...value, alias: name }
}
