import { type Ast, columnRef } from '../ast.ts'
import { plainId } from './expr.ts'
import { sidesOf } from './keyed.ts'
import type { Around, Unnested } from './unnested.ts'

/** Types of which two equal values are one, to the last bit. */
const exact = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|VARCHAR|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|UUID|BOOLEAN|DECIMAL\(\d+,\d+\))$/

/** Columns of the rows around that are columns of the query, too, where a row belongs to them: `s.a = o.b` says that `o.b` is `s.a`. */
export function sameInside({ binder }: Around, { op, on }: Unnested): ReadonlyMap<string, Ast> {
  const found = new Map<string, Ast>()
  for (const sides of on.map((ast) => sidesOf(ast, op))) {
    const [inner, outer] = [plainId(sides?.inner ?? {}), plainId(sides?.outer ?? {})]
    if (inner === undefined || outer === undefined) continue
    const type = binder.typeOf(inner)
    if (type === binder.typeOf(outer) && exact.test(type)) found.set(outer, columnRef(inner))
  }
  return found
}
