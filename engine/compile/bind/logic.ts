import type { Ast } from '../ast.ts'
import { constant } from './expr.ts'

/** Expressions of three-valued logic, as DuckDB's tree has them. */
export function and(all: readonly Ast[]): Ast {
  if (all.length === 1 && all[0]) return all[0]
  return all.length === 0 ? truth(true) : { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', children: all }
}

export function or(all: readonly Ast[]): Ast {
  if (all.length === 1 && all[0]) return all[0]
  return all.length === 0 ? truth(false) : { class: 'CONJUNCTION', type: 'CONJUNCTION_OR', children: all }
}

export function not(ast: Ast): Ast {
  return { class: 'OPERATOR', type: 'OPERATOR_NOT', children: [ast] }
}

export function isNullAst(ast: Ast): Ast {
  return { class: 'OPERATOR', type: 'OPERATOR_IS_NULL', children: [ast] }
}

export function coalesce(...children: readonly Ast[]): Ast {
  return { class: 'OPERATOR', type: 'OPERATOR_COALESCE', children }
}

export function compared(type: string, left: Ast, right: Ast): Ast {
  return { class: 'COMPARISON', type, left, right }
}

export function truth(value: boolean): Ast {
  return constant('BOOLEAN', value)
}

export const nothing: Ast = constant('NULL', null)

/** CASE WHEN … THEN … ELSE … END. */
export function cases(checks: readonly (readonly [when: Ast, then: Ast])[], otherwise: Ast): Ast {
  return {
    class: 'CASE',
    type: 'CASE_EXPR',
    case_checks: checks.map(([when, then]) => ({ when_expr: when, then_expr: then })),
    else_expr: otherwise,
  }
}
