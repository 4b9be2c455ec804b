import type { Setop } from '../algebra/op.ts'
import { countedRule } from './distinct-counts.ts'
import type { Rule, Traits } from './rule.ts'

/**
 * INTERSECT and EXCEPT: how often a row stands follows from how often it stands left (l) and right (r). With ALL:
 * min(l, r) and max(l − r, 0); without: 1 where l > 0 and r > 0, and 1 where l > 0 and r = 0.
 */
export function planSetop(op: Setop, [left, right]: readonly Traits[]): Rule {
  const flag = (input: Traits | undefined) => !op.all && input?.insertOnly === true
  const name = `${op.type.toUpperCase()}${op.all ? ' ALL' : ''}`
  return {
    strategy: 'linear',
    reason: `${name}: rows are counted on both sides, and a row that a batch touches is compared anew`,
    state: 'two counts per distinct row, one a side',
    // A row that comes right takes one away from EXCEPT.
    insertOnly: op.type === 'intersect' && left?.insertOnly === true && right?.insertOnly === true,
    ...countedRule({
      // A side's NULLs are in the state even where they never reach the output.
      columns: op.columns.map((column, i) => ({
        ...column,
        nullable: column.nullable || op.left.columns[i]?.nullable !== false || op.right.columns[i]?.nullable !== false,
      })),
      counters: [
        { name: '_l', input: 0, isFlag: flag(left) },
        { name: '_r', input: 1, isFlag: flag(right) },
      ],
      multiplicity: (count) => multiplicity(op, count('_l'), count('_r')),
      isSet: !op.all,
    }),
  }
}

function multiplicity(op: Setop, left: string, right: string): string {
  if (op.type === 'intersect') return op.all ? `least(${left}, ${right})` : `CAST(${left} > 0 AND ${right} > 0 AS BIGINT)`
  return op.all ? `greatest(${left} - ${right}, 0)` : `CAST(${left} > 0 AND ${right} = 0 AS BIGINT)`
}
