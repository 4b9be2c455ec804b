import type { Part } from '../compile/algebra/part.ts'

/** What a query that is computed anew would be as one that is not, by the reason that its plan gives. */
const rewrites: readonly (readonly [RegExp, string])[] = [
  [
    /a recursive query/,
    'a recursive query follows rows wherever they lead: keep what it reads small, with a view that filters or groups first',
  ],
  [
    /PIVOT/,
    "write a column for each value: sum(x) FILTER (WHERE kind = 'a') AS a, …, and GROUP BY the rest; UNPIVOT is UNION ALL of its columns",
  ],
  [/ASOF JOIN/, 'join by the key and the order, and keep the last partner: QUALIFY row_number() OVER (PARTITION BY … ORDER BY … DESC) = 1'],
  [/POSITIONAL JOIN/, 'number the rows of both sides, row_number() OVER (ORDER BY …), and join by the number'],
  [/subquery in the ON/, 'put the subquery into a CTE, and join that by an equality'],
  [/EXISTS or IN with a subquery/, 'stand EXISTS and IN alone in WHERE, joined with AND: there they are kept as joins'],
  [/correlated subquery/, 'write it as a join with a grouped subquery: JOIN (SELECT k, max(x) AS x FROM … GROUP BY k) USING (k)'],
  [/subquery with several columns/, 'write the subquery as a join: one column each'],
  [/lateral/i, 'write the lateral join as a join by an equality'],
  [/LIMIT (in percent|by an expression)/, 'write the number of rows'],
  [/DISTINCT ON without ORDER BY/, 'say which row of each stays: ORDER BY'],
  [/a column by its number|output number/, 'name the column'],
  [/GROUP BY ALL beside/, 'name the keys in GROUP BY'],
  [/WHERE over unnest/, 'filter windows with QUALIFY, and unnested items in a SELECT around'],
  [/neither grouped nor aggregated/, 'group by the column, or take any_value() of it'],
]

/** What would make a part cheaper: its rule's own advice, or the rewrite of what its plan could not understand. */
export function rewriteOf({ rule }: Part): string | undefined {
  if (rule.advice !== undefined) return rule.advice
  if (rule.strategy !== 'full') return undefined
  return rewrites.find(([why]) => why.test(rule.reason))?.[1]
}
