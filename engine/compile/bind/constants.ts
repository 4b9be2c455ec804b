import { ident } from '../../../connectors/store/quote.ts'
import { type Ast, isAst, textOf } from '../ast.ts'
import type { Binder } from './binder.ts'
import { isAggregate, textKey, visitOwn } from './own.ts'
import { printed } from './spell.ts'

/**
 * Computes once what conditions compute of constants alone (`DATE '1994-01-01' + INTERVAL 1 YEAR`), so that it is known not
 * to fail, and its type. What does fail stays unknown.
 */
export async function learnConstants(binder: Binder, asts: readonly Ast[]): Promise<void> {
  const found = new Map<string, Ast>()
  const aggregate = isAggregate(binder.analyzer.functions)
  const isFixed = (ast: Ast): boolean => {
    let fixed = true
    visitOwn(ast, (part) => {
      if (['COLUMN_REF', 'SUBQUERY', 'WINDOW', 'LAMBDA', 'STAR'].includes(textOf(part.class)) || aggregate(part)) fixed = false
      return fixed
    })
    return fixed
  }
  for (const ast of asts)
    visitOwn(ast, (part) => {
      if (!['FUNCTION', 'CAST', 'OPERATOR'].includes(textOf(part.class)) || !isFixed(part)) return true
      if (!binder.constants.has(textKey(part))) found.set(textKey(part), part)
      return false
    })
  if (found.size === 0) return
  const sqls = await printed(binder.analyzer, [...found.values()])
  const shown = sqls.map((sql, at) => `${sql} AS ${ident(`c${at}`)}`).join(', ')
  const columns = await binder.analyzer
    .tryState(
      (table) => [`CREATE TABLE ${table} AS SELECT ${shown}`],
      (table) => `SELECT * FROM ${table}`,
    )
    .catch(() => [])
  for (const [at, key] of [...found.keys()].entries()) {
    const type = columns[at]?.type
    if (type !== undefined) binder.constants.set(key, type)
  }
}

/** A text that is a day, with or without a time of the day. */
export function isMoment(ast: Ast): boolean {
  const value = ast.class === 'CONSTANT' && isAst(ast.value) ? textOf(ast.value.value) : ''
  return /^\d{4}-\d\d-\d\d( ([01]\d|2[0-3]):[0-5]\d:[0-5]\d)?$/.test(value) && isDay(value.slice(0, 10))
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
