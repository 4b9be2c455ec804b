import type { Part } from '../compile/algebra/part.ts'

/** What a query that is computed anew would be as one that is not, by the reason that its plan gives. */
const rewrites: readonly (readonly [RegExp, string])[] = [
  [
    /a recursive query/,
    'a recursive query follows rows wherever they lead: keep what it reads small, with a view that filters or groups first',
  ],
  [/UNPIVOT/, 'give PIVOT the values that it has columns for, IN (…), and UNPIVOT its columns by name; or write sum(x) FILTER (WHERE …)'],
  [
    /PIVOT/,
    "give PIVOT the values that it has columns for, as constants, FOR kind IN ('a', 'b'); or write sum(x) FILTER (WHERE kind = 'a') AS a",
  ],
  [/ASOF/, 'ASOF JOIN takes equalities and one inequality of its sides: other conditions go into WHERE, or into a subquery of one side'],
  [
    /subquery in the ON|correlated LIMIT|SELECT around|SELECT further out|correlated|subquery in a|comparison of rows|subquery with several/,
    'write the subquery as a join with one that is grouped: JOIN (SELECT k, max(x) AS x FROM … GROUP BY k) USING (k)',
  ],
  [/subquery as an argument|subquery in PIVOT/, 'join the subquery, and use its columns'],
  [/lateral/, 'write the lateral join as a join by an equality'],
  [/LIMIT (in percent|by an expression)/, 'write the number of rows'],
  [/DISTINCT ON without ORDER BY/, 'say which row of each stays: ORDER BY'],
  [/SELECT DISTINCT in the order|in the order of an expression/, 'order by columns that are shown'],
  [/a column by its number|the output number/, 'name the column'],
  [/GROUP BY ALL beside/, 'name the keys in GROUP BY'],
  [/(WHERE|GROUP BY|QUALIFY) over unnest/, 'unnest in a subquery, and name its column; filter windows with QUALIFY'],
  [/neither grouped nor aggregated/, 'group by the column, or take min() or max() of it'],
  [/without name/, 'name the column with AS'],
  [/several (outputs|inputs) have/, 'name the relation before the column'],
  [/COLUMNS\(|\* inside/, 'name the columns'],
  [/cannot be stored/, 'name the fields of structs, and CAST what is no type of a column'],
]

/** What would make a part cheaper: its rule's own advice, or the rewrite of what its plan could not understand. */
export function rewriteOf({ rule }: Part): string | undefined {
  if (rule.advice !== undefined) return rule.advice
  if (rule.strategy !== 'full') return undefined
  return rewrites.find(([why]) => why.test(rule.reason))?.[1]
}
