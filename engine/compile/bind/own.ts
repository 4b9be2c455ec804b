import type { FunctionKinds } from '../analyzer.ts'
import { type Ast, type AstValue, isAst, printAst, textOf } from '../ast.ts'

/** Every part of an expression that is this SELECT's own: of a subquery only what stands before it. `enter` returning false goes no deeper. */
export function visitOwn(value: AstValue, enter: (part: Ast) => unknown): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly AstValue[]) visitOwn(item, enter)
  } else if (isAst(value)) {
    if (enter(value) === false) return
    for (const [key, inner] of Object.entries(value)) if (!(value.class === 'SUBQUERY' && key === 'subquery')) visitOwn(inner, enter)
  }
}

export function hasOwn(value: AstValue, test: (part: Ast) => boolean): boolean {
  let found = false
  visitOwn(value, (part) => {
    found ||= test(part)
    return !found
  })
  return found
}

/** A copy in which `change` replaced parts from the top down, subqueries' insides left alone. */
export function replaceOwn(value: Ast, change: (part: Ast) => Ast | undefined): Ast {
  const walk = (inner: AstValue): AstValue => {
    if (Array.isArray(inner)) return (inner as readonly AstValue[]).map(walk)
    if (!isAst(inner)) return inner
    const changed = change(inner)
    if (changed) return inner.alias === undefined ? changed : { ...changed, alias: inner.alias }
    const entries = Object.entries(inner).map(([key, part]) => [key, inner.class === 'SUBQUERY' && key === 'subquery' ? part : walk(part)])
    return Object.fromEntries(entries) as Ast
  }
  return walk(value) as Ast
}

/** Equal for two bound expressions that are written alike. */
export function textKey(ast: Ast): string {
  return printAst({ ...ast, alias: undefined })
}

export function isAggregate(functions: FunctionKinds): (part: Ast) => boolean {
  return (part) => part.class === 'FUNCTION' && functions.aggregates.has(textOf(part.function_name).toLowerCase())
}
