import { LosslessNumber } from 'lossless-json'
import { type Ast, isAst, items, replace } from './ast.ts'

/**
 * `EXISTS (SELECT … LIMIT 1)` asks whether there is a row, and any will do: the LIMIT goes. An order that stands there stays, with its
 * LIMIT, as it is.
 */
export function withoutNeedlessLimits(node: Ast): Ast {
  return replace(node, (part) => {
    const query = part.class === 'SUBQUERY' && /EXISTS/.test(String(part.subquery_type)) && isAst(part.subquery) ? part.subquery : undefined
    if (!query || !isAst(query.node) || !isNeedless(query.node)) return undefined
    const modifiers = items(query.node.modifiers).filter((modifier) => modifier.type !== 'LIMIT_MODIFIER')
    const { subquery: _, ...rest } = part
    return { ...(withoutNeedlessLimits(rest) as Ast), subquery: withoutNeedlessLimits({ ...query, node: { ...query.node, modifiers } }) }
  }) as Ast
}

/** A LIMIT by a number above 0, no OFFSET, no ORDER BY. */
function isNeedless(query: Ast): boolean {
  const modifiers = items(query.modifiers)
  const [limit] = modifiers.filter((modifier) => modifier.type === 'LIMIT_MODIFIER')
  if (!limit || limit.offset !== undefined || modifiers.some((modifier) => modifier.type === 'ORDER_MODIFIER')) return false
  const value = isAst(limit.limit) && isAst(limit.limit.value) ? limit.limit.value.value : undefined
  return (value instanceof LosslessNumber || typeof value === 'number') && Number(String(value)) > 0
}
