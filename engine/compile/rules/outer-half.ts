import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Op, Outer } from '../algebra/op.ts'
import { conjunction, ids, sameKeys, selectOf } from '../algebra/select-of.ts'
import { conditionsOf } from './outer-on.ts'
import type { Input, Run } from './rule.ts'

/** The rows that a join shows for its left rows (a left, semi, anti or mark join), and how they change. */
export interface Half {
  /** Is there an equality between both sides, by which the rows that a change concerns are found? */
  readonly isKeyed: boolean
  /** SELECT of the rows. */
  rows(left: string, right: string): string
  /** One batch: makes temporary tables and returns SELECTs of the columns and `_w` that add up to the change. */
  change(run: Run, left: Input, right: Input): Generator<string, readonly string[], number>
}

const weight: Col = { id: '_w', type: 'BIGINT', nullable: false }

/** The texts of a left, semi, anti or mark join; `op` is none other. */
export function halfOf(op: Outer): Half {
  const { isKeyed, on, partnerOn, used, rightOnly, isHashed } = conditionsOf(op)
  const isLeft = op.type === 'left'
  const [left, right, keys] = [ids(op.left.columns), ids(op.right.columns), ids(used)]
  const nulls = op.right.columns.map((column) => `, CAST(NULL AS ${column.type}) AS ${ident(column.id)}`).join('')
  const weightedLeft: Op = { kind: 'constant', sql: '', columns: [...op.left.columns, weight] }
  const weighted: Outer = { ...op, left: weightedLeft, columns: [...op.columns, weight] }

  return { isKeyed, rows: (l, r) => joined(op, l, r), change }

  function* change(run: Run, leftInput: Input, rightInput: Input): Generator<string, readonly string[], number> {
    const terms: string[] = []
    const temp = (name: string) => run.temp(`${name} ${op.type}`)
    const partnersOf = (rows: string, columns: string) =>
      isKeyed ? `(SELECT ${columns} FROM ${rightInput.rows()} AS r SEMI JOIN ${rows} AS l ON ${partnerOn})` : rightInput.rows()
    if (leftInput.isChanged) {
      const own = temp('own')
      const count = yield `CREATE OR REPLACE TEMP TABLE ${own} AS SELECT ${left}, _w FROM ${leftInput.change()}`
      // DuckDB prunes the scan of the right side by these rows' keys only where it is told to look for them.
      if (count > 0)
        terms.push(`WITH p AS MATERIALIZED (SELECT * FROM ${partnersOf(own, isLeft ? right : keys)}) ${joined(weighted, own, 'p')}`)
    }
    if (!rightInput.isChanged) return terms
    const theirs = temp('theirs')
    if ((yield `CREATE OR REPLACE TEMP TABLE ${theirs} AS ${theirsOf(rightInput)}`) === 0) return terms
    if (!isLeft && (yield `CREATE OR REPLACE TEMP TABLE ${temp('turned')} AS ${turned(theirs, rightInput)}`) === 0) return terms
    const concerned = temp('concerned')
    const count =
      yield `CREATE OR REPLACE TEMP TABLE ${concerned} AS SELECT ${left}, _w FROM ${leftInput.before()} AS l SEMI JOIN ${isLeft ? theirs : temp('turned')} AS t ON ${partnerOn}`
    if (count === 0) return terms
    if (isLeft) terms.push(`SELECT ${left}, ${right}, l._w * t._w AS _w FROM ${concerned} AS l, ${theirs} AS t WHERE ${on}`)
    terms.push(`WITH ${flips(concerned, theirs, partnersOf(concerned, keys))} ${flipped(concerned)}`)
    return terms
  }

  /** The right change: whole rows where they are shown, otherwise how often what the condition looks at came or went. */
  function theirsOf(input: Input): string {
    const from = `${input.change()}${conjunction(' WHERE ', rightOnly)}`
    if (isLeft) return `SELECT ${right}, _w FROM ${from}`
    return `SELECT ${keys}, CAST(sum(_w) AS BIGINT) AS _w FROM ${from} GROUP BY ALL HAVING sum(_w) <> 0`
  }

  /** Of what the condition looks at: what was there before and is no more, or was not and is now. Only that can matter to a left row. */
  function turned(theirs: string, input: Input): string {
    const aside = used.map((column, i) => `${ident(column.id)} AS _u${i}`).join(', ') || '1 AS _u0'
    const same = sameKeys(used.map((column, i) => ({ left: ident(column.id), right: `_u${i}`, nullable: column.nullable })))
    const there = `(SELECT ${keys} FROM ${input.rows()} AS r SEMI JOIN (SELECT ${aside} FROM ${theirs}) AS t ON ${same})`
    return `SELECT * EXCLUDE (_now, _was) FROM (${counts(there, theirs)}) WHERE (_now > 0) <> (_was > 0)`
  }

  function counts(there: string, theirs: string): string {
    return `SELECT * EXCLUDE (_n, _d), sum(_n) AS _now, sum(_n) - sum(_d) AS _was FROM (SELECT ${keys}, 1 AS _n, 0 AS _d FROM ${there} UNION ALL SELECT ${keys}, 0, _w FROM ${theirs}) GROUP BY ALL`
  }

  /** CTEs: the concerned rows (`_i`, by rowid) of which it changed whether they have a partner. */
  function flips(concerned: string, theirs: string, there: string): string {
    const found = `SELECT l._i, bool_or(_now > 0) AS _is, bool_or(_was > 0) AS _was FROM (SELECT *, rowid AS _i FROM ${concerned}) AS l, e WHERE ${on} GROUP BY l._i`
    return `e AS MATERIALIZED (${counts(there, theirs)}), f AS MATERIALIZED (SELECT * FROM (${found}) WHERE _is <> _was)`
  }

  function flipped(concerned: string): string {
    const of = (more: string, isPlus: string) =>
      `SELECT ${left}${more}, CASE WHEN ${isPlus} THEN _w ELSE -_w END AS _w FROM ${concerned} AS l JOIN f ON l.rowid = f._i`
    if (isLeft) return of(nulls, 'NOT _is')
    if (op.type === 'mark')
      return ['TRUE', 'FALSE'].map((value) => of(`, ${value} AS ${ident(op.mark?.id ?? '')}`, `_is = ${value}`)).join(' UNION ALL ')
    return of('', op.type === 'semi' ? '_is' : 'NOT _is')
  }

  /** DuckDB joins outwards by hashing only where each condition compares one side with the other; what is more general compares all pairs. */
  function joined(join: Outer, l: string, r: string): string {
    const standing = (part: Op) => (part === join.left ? l : part === join.right ? r : undefined)
    if (!isLeft || isHashed) return selectOf(join, standing)
    const own = ids(join.left.columns)
    const rest = join.columns
      .filter((column) => !op.columns.includes(column))
      .map((column) => `, ${ident(column.id)}`)
      .join('')
    return `SELECT ${ids(op.left.columns)}, ${right}${rest} FROM ${l} AS l, ${r} AS r WHERE ${on} UNION ALL SELECT ${ids(op.left.columns)}${nulls}${rest} FROM (SELECT ${own} FROM ${l}) AS l WHERE NOT EXISTS (SELECT 1 FROM ${r} AS r WHERE ${on})`
  }
}
