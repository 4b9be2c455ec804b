import type { Col, Op, Output } from '../algebra/op.ts'
import { type Ast, items } from '../ast.ts'
import { type Binder, storedType } from './binder.ts'
import { mapOver } from './build.ts'
import { castTo } from './cast.ts'
import { constant, expr, passing } from './expr.ts'
import type { Front } from './front.ts'
import { type Calls, groupOnce } from './group.ts'
import { textKey } from './own.ts'
import { typed } from './typing.ts'

/** One grouping set's own copy of the input, and what is asked of it; `keys` in the order of the text. */
interface Arm {
  readonly front: Front
  readonly keys: readonly Ast[]
  readonly calls: Calls
}

/** A GROUP BY for each set, the columns of all in one order. The empty set has its one row on no input, too. */
export async function unionOfSets(
  binder: Binder,
  sets: readonly (readonly number[])[],
  first: Arm,
  again: () => Promise<Arm>,
): Promise<{ op: Op; columns: ReadonlyMap<string, Col> }> {
  const types = (await typed(binder, [...first.calls.keys.values()])).map((key) => storedType(key.type))
  const ops: Op[] = []
  for (const [at, set] of sets.entries()) ops.push(await armOf(binder, at === 0 ? first : await again(), set, types))
  const texts = [...first.calls.keys.keys(), ...first.calls.aggregates.keys(), ...first.calls.groupings.keys()]
  const columns = new Map(
    texts.map((text, at) => [
      text,
      binder.fresh(
        ops[0]?.columns[at]?.type ?? '',
        ops.some((op) => op.columns[at]?.nullable !== false),
      ),
    ]),
  )
  return { op: { kind: 'union', inputs: ops, columns: [...columns.values()] }, columns }
}

async function armOf(binder: Binder, { front, keys, calls }: Arm, set: readonly number[], types: readonly string[]): Promise<Op> {
  const own = new Map(set.flatMap((index) => (keys[index] ? [[textKey(keys[index]), keys[index]] as const] : [])))
  const group = await groupOnce(binder, front.place, { ...calls, keys: own })
  const outputs: Output[] = []
  const add = async (ast: Ast, type: string, nullable: boolean) => {
    outputs.push({ col: binder.fresh(type, nullable), expr: expr(await castTo(binder, ast, type)) })
  }
  for (const [at, text] of [...calls.keys.keys()].entries()) {
    const col = group.columns.get(text)
    if (col) outputs.push(passing(col))
    else await add(constant('NULL', null), types[at] ?? '', true)
  }
  for (const text of calls.aggregates.keys()) {
    const col = group.columns.get(text)
    if (col) outputs.push(passing(col))
  }
  for (const call of calls.groupings.values()) await add(constant('INTEGER', groupingNumber(call, own)), 'BIGINT', false)
  return mapOver(group.op, [], outputs)
}

/** GROUPING(a, b): a bit for each key, the last one the lowest, that is set where the set lacks it. */
function groupingNumber(call: Ast, own: ReadonlyMap<string, Ast>): number {
  return items(call.children).reduce((bits, key) => bits * 2 + (own.has(textKey(key)) ? 0 : 1), 0)
}
