import { type Ast, columnRef, items, replace, textOf } from './ast.ts'

/**
 * ASOF joins in texts that DuckDB runs as a whole: as a LATERAL subquery with LIMIT 1, since DuckDB's own ASOF JOIN takes any of the
 * right rows that tie. Among those of one time the greatest is taken: in all its columns in their order, NULL being greater than
 * anything. Where the SELECT is understood (`bind/asof.ts`), its text is not run at all.
 */
export function asofAsLateral(node: Ast): Ast {
  return replace(node, (part) => (isAsof(part) ? lateral(part) : undefined)) as Ast
}

/** What of an ASOF join has no such text, and what to write instead. */
export function refusedAsof(join: Ast): { readonly why: string; readonly remedy: string } | undefined {
  const type = textOf(join.join_type)
  if (type !== 'INNER' && type !== 'LEFT')
    return {
      why: `as a ${type} JOIN is not kept`,
      remedy:
        type === 'SEMI' || type === 'ANTI'
          ? 'Write WHERE (NOT) EXISTS (…).'
          : 'Write ASOF LEFT JOIN, and the rows without partner by UNION ALL.',
    }
  if (nameOf(join.right as Ast) === '')
    return { why: 'with a join on its right side', remedy: 'Name it: ASOF JOIN (SELECT … FROM … JOIN …) AS r.' }
  if (join.using_columns !== undefined && nameOf(join.left as Ast) === '')
    return { why: 'by USING, after a join', remedy: 'Write ON with qualified names.' }
  return undefined
}

export function isAsof(part: Ast): boolean {
  return part.type === 'JOIN' && part.ref_type === 'ASOF'
}

function lateral(join: Ast): Ast {
  const [left, right] = [join.left as Ast, join.right as Ast]
  const shared = (join.using_columns ?? []) as readonly string[]
  const condition = shared.length > 0 ? sharedColumns(shared, nameOf(left), nameOf(right)) : (join.condition as Ast)
  const subquery = {
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: [{ class: 'STAR', type: 'STAR', exclude_list: shared }],
    from_table: asofAsLateral(right),
    where_clause: condition,
    modifiers: [
      { type: 'ORDER_MODIFIER', orders: [...order(condition), descending(everyColumn)] },
      {
        type: 'LIMIT_MODIFIER',
        limit: { class: 'CONSTANT', type: 'VALUE_CONSTANT', value: { type: { id: 'INTEGER' }, is_null: false, value: 1 } },
      },
    ],
    aggregate_handling: 'STANDARD_HANDLING',
  }
  return {
    type: 'JOIN',
    left: asofAsLateral(left),
    right: { type: 'SUBQUERY', alias: nameOf(right), subquery: { node: subquery } },
    condition: {
      class: 'CAST',
      type: 'OPERATOR_CAST',
      child: { class: 'CONSTANT', type: 'VALUE_CONSTANT', value: { type: { id: 'VARCHAR' }, is_null: false, value: 't' } },
      cast_type: { id: 'BOOLEAN' },
    },
    join_type: textOf(join.join_type),
    ref_type: 'REGULAR',
  }
}

/** `COLUMNS(*)`: in ORDER BY, one term for each column. */
const everyColumn: Ast = { class: 'STAR', type: 'STAR', exclude_list: [], columns: true }

/** The name that columns of one side may be qualified with; '' for a join of several. */
function nameOf(side: Ast): string {
  return textOf(side.alias) || textOf(side.table_name)
}

/** `USING (a, time)`: equal by all names but the last. */
function sharedColumns(names: readonly string[], left: string, right: string): Ast {
  const children = names.map((name, at) => ({
    class: 'COMPARISON',
    type: at < names.length - 1 ? 'COMPARE_EQUAL' : 'COMPARE_GREATERTHANOREQUALTO',
    left: columnRef(left, name),
    right: columnRef(right, name),
  }))
  return { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', children }
}

/** The greater side of the inequality as small, the less as great as may be: the one that is of the left row is all the same. */
function order(condition: Ast): readonly Ast[] {
  const parts = condition.type === 'CONJUNCTION_AND' ? items(condition.children) : [condition]
  return parts.flatMap((part) => {
    const [left, right] = [part.left as Ast, part.right as Ast]
    if (/^COMPARE_GREATERTHAN/.test(textOf(part.type))) return [ascending(left), descending(right)]
    if (/^COMPARE_LESSTHAN/.test(textOf(part.type))) return [descending(left), ascending(right)]
    return []
  })
}

function ascending(expression: Ast): Ast {
  return { type: 'ASCENDING', null_order: 'NULLS_LAST', expression }
}

function descending(expression: Ast): Ast {
  return { type: 'DESCENDING', null_order: 'NULLS_FIRST', expression }
}
