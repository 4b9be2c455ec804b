import { type Ast, items } from '../ast.ts'
import { isTrue } from './expr.ts'
import { textKey } from './own.ts'

/** `(a AND b) OR (a AND c)` is `a AND (b OR c)`: what all alternatives ask may go to an input, or join two. `true` asks nothing. */
export function conditions(ast: Ast): readonly Ast[] {
  if (ast.type === 'CONJUNCTION_AND') return items(ast.children).flatMap(conditions)
  if (ast.type !== 'CONJUNCTION_OR') return isTrue(ast) ? [] : [ast]
  const branches = items(ast.children).map(conditions)
  const [first, ...others] = branches.map((branch) => new Map(branch.map((one) => [textKey(one), one])))
  const common = new Map([...(first ?? [])].filter(([key]) => others.every((other) => other.has(key))))
  if (common.size === 0) return [ast]
  const rests = branches.map((branch) => branch.filter((one) => !common.has(textKey(one))))
  const alternatives = rests.map((rest) =>
    rest.length === 1 ? rest[0] : { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', children: rest },
  )
  const either = rests.every((rest) => rest.length > 0)
    ? [{ class: 'CONJUNCTION', type: 'CONJUNCTION_OR', children: alternatives } as Ast]
    : []
  return [...common.values(), ...either]
}
