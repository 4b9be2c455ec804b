import type { Feed } from '../compile/algebra/feed.ts'
import type { Op, Scan } from '../compile/algebra/op.ts'
import type { Part } from '../compile/algebra/part.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { topOf } from '../compile/rules/top.ts'
import { estimateOf, measuredOf } from './explain-cost.ts'
import type { Facts } from './explain-facts.ts'
import { growthOfPart, growthOfView, growthText } from './explain-growth.ts'
import { type Readable, readable, wordsOf } from './explain-names.ts'
import { rewriteOf } from './explain-rewrites.ts'
import type { PlanNode } from './service.ts'

/** A view with what is kept below it, down to streams and tables. */
export function planTree(plan: ViewPlan, facts: Facts): PlanNode {
  return new Tree(plan, facts, new Set()).kept(plan.root, 'view')
}

class Tree {
  readonly #facts: Facts
  readonly #plan: ViewPlan
  readonly #read: Readable
  /** Names that the tree has told already. */
  readonly #told: Set<string>

  constructor(plan: ViewPlan, facts: Facts, told: Set<string>) {
    this.#plan = plan
    this.#facts = facts
    this.#told = told
    this.#read = readable(plan.root.op)
  }

  kept(part: Part, kind: 'view' | 'part'): PlanNode {
    const { rule, name } = part
    const size = this.#facts.sizeOf(name)
    const measured = measuredOf(this.#facts.batchesOf(name))
    const growth = part === this.#plan.whole ? growthOfView(part.name, this.#facts.inParts) : growthOfPart(part, this.#facts.inParts)
    const others = (this.#facts.usersOf(name) ?? []).filter((user) => user !== this.#plan.name)
    const advice = rewriteOf(part)
    const isRepeated = this.#told.has(name)
    this.#told.add(name)
    return {
      kind,
      name: kind === 'view' ? this.#plan.name : name,
      what: this.#words(part.op),
      strategy: rule.strategy,
      reason: rule.reason,
      keeps: rule.state,
      growth,
      grows: growthText(part, growth),
      ...(size ?? {}),
      ...(kind === 'part' && others.length > 0 ? { sharedWith: others } : {}),
      estimate: estimateOf(part, (one) => this.#facts.sizeOf(one)?.rows, measured),
      ...(measured === undefined ? {} : { measured }),
      ...(advice === undefined ? {} : { advice }),
      ...(isRepeated ? { isRepeated } : {}),
      inputs: isRepeated ? [] : part.feeds.flatMap((feed) => this.#feed(part, feed)),
    }
  }

  /** What a part is, with the projections and filters above its operator. */
  #words(op: Op): string {
    if (op.kind !== 'map') return wordsOf(op, this.#read)
    const where = op.where.map((one) => this.#read(one.sql)).join(' AND ')
    const top = op.input.kind === 'window' ? topOf(op) : undefined
    if (top) return `the first ${top.first === 1 ? 'row' : `${top.first} rows`} of each partition, ${wordsOf(op.input, this.#read)}`
    if (op.input.kind === 'scan') return wordsOf(op, this.#read)
    const clause = op.input.kind === 'group' ? 'HAVING' : op.input.kind === 'window' ? 'QUALIFY' : 'WHERE'
    return `${this.#words(op.input)}${where === '' ? '' : ` ${clause} ${where}`}`
  }

  /** An input's nodes; where the part is the linear operator itself, those below it. */
  #feed(part: Part, feed: Feed): readonly PlanNode[] {
    const isOwn = part.feeds.length === 1 && isLinear(part.op)
    if (!isOwn) return [this.#node(feed.op, feed)]
    const inner = withoutMaps(feed.op)
    return inner.kind === 'join' || inner.kind === 'union' ? inner.inputs.map((one) => this.#node(one, feed)) : [this.#node(inner, feed)]
  }

  #node(op: Op, feed: Feed): PlanNode {
    switch (op.kind) {
      case 'scan':
        return this.#leaf(op, feed.leaves.get(op)?.kind === 'stream')
      case 'map':
      case 'expand': {
        const below = this.#node(op.input, feed)
        const says = op.kind === 'expand' || op.where.length > 0
        return says ? { kind: 'operator', what: wordsOf(op, this.#read), inputs: [below] } : below
      }
      case 'join':
      case 'union':
        return { kind: 'operator', what: wordsOf(op, this.#read), inputs: op.inputs.map((input) => this.#node(input, feed)) }
      default:
        return { kind: 'constant', what: wordsOf(op, this.#read), inputs: [] }
    }
  }

  #leaf({ read: { relation } }: Scan, isEvents: boolean): PlanNode {
    if (isEvents) return { kind: 'stream', name: relation.name, what: 'the events of the batch', inputs: [] }
    const part = this.#plan.parts.find((one) => one.name === relation.name)
    if (part) return this.kept(part, 'part')
    const view = this.#facts.plans.get(relation.name) ?? this.#facts.known.get(relation.name)
    if (view) return new Tree(view, this.#facts, this.#told).kept(view.root, 'view')
    const kind = relation.kind === 'stream' || relation.kind === 'type' ? 'history' : relation.kind === 'table' ? 'table' : 'fold'
    const what = { history: 'all of its events, kept in DuckDB', table: 'the last row of each key', fold: 'a row for each key' }[kind]
    return { kind, name: relation.shown ?? relation.source, what, ...(this.#facts.sizeOf(relation.source) ?? {}), inputs: [] }
  }
}

/** Is it made of operators that work row by row, or join, down to what it reads? Then the part is their stored result. */
function isLinear(op: Op): boolean {
  const inner = withoutMaps(op)
  return ['scan', 'constant', 'join', 'union'].includes(inner.kind)
}

function withoutMaps(op: Op): Op {
  return op.kind === 'map' || op.kind === 'expand' ? withoutMaps(op.input) : op
}
