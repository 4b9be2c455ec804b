import { createHash } from 'node:crypto'
import { isInsertOnly, type Leaf } from './algebra/feed.ts'
import { markOf, type Rename, renameIn } from './algebra/ids.ts'
import { inputsOf, type Map as MapOp, type Op, type Scan, type Window } from './algebra/op.ts'
import type { Part } from './algebra/part.ts'
import { selectOf } from './algebra/select-of.ts'
import type { Relation } from './relations.ts'
import { planAsof } from './rules/asof.ts'
import { planDistinct } from './rules/distinct.ts'
import { planGroup } from './rules/group.ts'
import { planLimit } from './rules/limit.ts'
import { planOuter } from './rules/outer.ts'
import { planRetain } from './rules/retain.ts'
import type { Names, Rule, Traits } from './rules/rule.ts'
import { runningOf } from './rules/running.ts'
import { overOther } from './rules/running-stages.ts'
import { planSetop } from './rules/setop.ts'
import { planShown } from './rules/shown.ts'
import { planRecomputed, planStore } from './rules/store.ts'
import { planTop, topOf } from './rules/top.ts'
import { planWindow } from './rules/window.ts'

/**
 * Cuts a view's algebra into parts that are kept, each by the rule of its operator. Between them stand linear operators, which
 * are texts and keep nothing. What must be read again later (a join's inputs, a window's) is kept as close to the events as
 * its projection and filter allow, and shared by all views that keep the same.
 */
export function cut(
  op: Op,
  name: string,
  names: readonly string[],
  mayRaise: (map: MapOp) => boolean,
): { root: Part; parts: readonly Part[] } {
  const cutter = new Cutter(mayRaise, markOf(op))
  const root = cutter.part(op, { name, names })
  return { root, parts: cutter.parts }
}

class Cutter {
  readonly #mayRaise: (map: MapOp) => boolean
  readonly #parts = new Map<string, Part>()

  readonly #mark: string

  constructor(mayRaise: (map: MapOp) => boolean, mark: string) {
    this.#mayRaise = mayRaise
    this.#mark = mark
  }

  get parts(): readonly Part[] {
    return [...this.#parts.values()]
  }

  part(op: Op, root?: { name: string; names: readonly string[] }): Part {
    const { rule, fed, own } = this.#rule(op)
    const leaves = fed.map(leavesOf)
    const scans = [...new Set(leaves.flatMap((all) => [...all]))].map(([scan, leaf]) => ({ scan, leaf }))
    const streams = scans.flatMap(({ scan, leaf }) => (leaf.kind === 'stream' && scan.kind === 'scan' ? [scan] : []))
    const hasConstant = fed.some((one) => holds(one, 'constant'))
    const names: Names = { table: 't', side: (side) => side }
    const rename = renameIn([selectOf(own), ...rule.create(names), rule.rows(names), ...fed.map((one) => selectOf(one))], this.#mark)
    const canonical = canonicalOf(own, rule, rename)
    const name = root?.name ?? `~${createHash('sha256').update(canonical).digest('hex').slice(0, 16)}`
    const known = root ? undefined : this.#parts.get(name)
    if (known) return known
    const part: Part = {
      name,
      op,
      rule,
      feeds: fed.map((one, i) => ({ op: one, leaves: leaves[i] ?? new Map(), insertOnly: isInsertOnly(one, leaves[i] ?? new Map()) })),
      names: root?.names ?? op.columns.map((_, i) => `c${i}`),
      streams,
      reads: [...new Set(scans.flatMap(({ leaf }) => (leaf.kind === 'kept' ? [leaf.name] : [])))],
      byEvents: streams.length > 0 && streams.length === scans.length && !hasConstant,
      canonical,
      rename,
    }
    if (!root) this.#parts.set(name, part)
    return part
  }

  /** The rule that keeps an operator, its inputs cut, and the operator over them. */
  #rule(op: Op): { rule: Rule; fed: readonly Op[]; own: Op } {
    switch (op.kind) {
      case 'opaque': {
        const scans = op.reads.map((read): Scan => ({ kind: 'scan', read, columns: [], names: [] }))
        return { rule: planRecomputed(op, () => selectOf(op), scans.length, op.why), fed: scans.map(whole), own: op }
      }
      case 'map':
        return this.#mapRule(op)
      case 'group':
        return this.#over(op, planGroup)
      case 'distinct':
        return this.#over(op, planDistinct)
      case 'setop':
        return this.#over(op, planSetop)
      case 'outer':
        return this.#over(op, planOuter)
      case 'asof':
        return this.#over(op, planAsof)
      case 'window':
        return this.#window(op)
      case 'limit':
        return this.#over(op, planLimit)
      case 'retain':
        return this.#over(op, planRetain)
      default:
        return this.#stored(op)
    }
  }

  #mapRule(op: MapOp): { rule: Rule; fed: readonly Op[]; own: Op } {
    if (isLinear(op)) return this.#stored(op)
    const top = op.input.kind === 'window' ? topOf(op) : undefined
    if (top) {
      const window = op.input as Window
      const inputs = this.#inputs([window.input], (traits) => planTop(op, traits))
      if (typeof inputs !== 'string') return { ...inputs, own: { ...op, input: { ...window, input: inputs.fed[0] as Op } } }
    }
    const inner = this.#rule(op.input)
    return { rule: planShown(op, inner.rule, this.#mayRaise(op)), fed: inner.fed, own: { ...op, input: inner.own } }
  }

  /** Windows that run over each other are kept together. */
  #window(op: Window): { rule: Rule; fed: readonly Op[]; own: Op } {
    const from = runningOf(op)?.input ?? op.input
    if (from === op.input) return this.#over(op, planWindow)
    const planned = this.#inputs([from], (traits) => planWindow(op, traits))
    if (typeof planned === 'string') return this.#over(op, planWindow)
    return { ...planned, own: overOther(op, from, planned.fed[0] ?? from) }
  }

  #stored(op: Op): { rule: Rule; fed: readonly Op[]; own: Op } {
    const own = this.#linear(op, this.#isMixed([op]) ? 'kept' : 'change')
    return { rule: planStore(op, { op, insertOnly: isInsertOnly(own, leavesOf(own)) }), fed: [own], own }
  }

  #over<O extends Op>(op: O, plan: (op: O, inputs: readonly Traits[]) => Rule | string): { rule: Rule; fed: readonly Op[]; own: Op } {
    const inputs = inputsOf(op)
    const planned = this.#inputs(inputs, (traits) => plan(op, traits))
    if (typeof planned !== 'string') return { ...planned, own: withInputs(op, planned.fed) }
    const fed = inputs.map((input) => this.#linear(input, 'rows'))
    const rule = planRecomputed(
      op,
      (run) => selectOf(op, (part) => (inputs.includes(part) ? (run.inputs[inputs.indexOf(part)]?.rows() ?? undefined) : undefined)),
      inputs.length,
      planned,
    )
    return { rule, fed, own: withInputs(op, fed) }
  }

  /** Cuts a rule's inputs: first for their changes alone, then with their rows where the rule asks for them. */
  #inputs(inputs: readonly Op[], plan: (traits: readonly Traits[]) => Rule | string): { rule: Rule; fed: readonly Op[] } | string {
    const traits = inputs.map((input) => {
      const own = this.#linear(input, 'dry')
      return { op: input, insertOnly: isInsertOnly(own, leavesOf(own)) }
    })
    const rule = plan(traits)
    if (typeof rule === 'string') return rule
    const isMixed = rule.needsRows.includes(true) || this.#isMixed(inputs)
    return { rule, fed: inputs.map((input, i) => this.#linear(input, rule.needsRows[i] ? 'rows' : isMixed ? 'kept' : 'change')) }
  }

  /** Do some of these follow from the batch's events and others from what is kept? Then all must be kept. */
  #isMixed(ops: readonly Op[]): boolean {
    const own = ops.map((op) => this.#linear(op, 'dry'))
    const leaves = own.flatMap((op) => [...leavesOf(op).values()])
    const kinds = new Set(leaves.map((leaf) => leaf.kind))
    return kinds.size > 1 || (kinds.has('stream') && own.some((op) => holds(op, 'constant')))
  }

  /**
   * The linear operators down to what is kept. `change`: events need not be kept. `kept`: they must be, though the change is
   * enough. `rows`: the whole must be at hand, so a join is kept itself. `dry`: as `change`, to look only.
   */
  #linear(op: Op, want: 'change' | 'kept' | 'rows' | 'dry'): Op {
    const isKept = want === 'kept' || want === 'rows'
    switch (op.kind) {
      case 'scan':
        return isKept && isStream(op) ? this.#leaf(op) : op
      case 'constant':
        return op
      case 'map':
      case 'expand':
        if (isKept && overStream(op)) return this.#leaf(op)
        return { ...op, input: this.#linear(op.input, want) }
      case 'union':
        return { ...op, inputs: op.inputs.map((input) => this.#linear(input, want)) }
      case 'join':
        if (want === 'rows') return this.#leaf(op)
        return { ...op, inputs: op.inputs.map((input) => this.#linear(input, 'rows')) }
      default:
        return this.#leaf(op)
    }
  }

  /** A scan of the part that keeps an operator. */
  #leaf(op: Op): Scan {
    const part = this.part(op)
    const relation: Relation = {
      name: part.name,
      kind: 'view',
      source: part.name,
      columns: op.columns.map((column, i) => ({ name: part.names[i] ?? '', type: column.type })),
      appendOnly: false,
      ...(part.rule.marked ? { marked: true } : {}),
    }
    return { kind: 'scan', read: { relation, placed: false }, columns: op.columns, names: part.names }
  }
}

function isStream(scan: Scan): boolean {
  return scan.read.relation.kind === 'stream' || scan.read.relation.kind === 'type'
}

function overStream(op: Op): boolean {
  if (op.kind === 'scan') return isStream(op)
  return (op.kind === 'map' || op.kind === 'expand') && overStream(op.input)
}

/** Is it made of projections, filters, joins and unions down to what is read, as far as projections go? */
function isLinear(op: MapOp): boolean {
  return op.input.kind === 'map' ? isLinear(op.input) : ['scan', 'constant', 'join', 'union', 'expand'].includes(op.input.kind)
}

function leavesOf(op: Op): Map<Op, Leaf> {
  if (op.kind === 'scan') return new Map([[op, leafOf(op)]])
  return new Map(inputsOf(op).flatMap((input) => [...leavesOf(input)]))
}

function leafOf(scan: Scan): Leaf {
  if (isStream(scan) && scan.read.relation.isHistory !== true) return { kind: 'stream' }
  return { kind: 'kept', name: scan.read.relation.source, marked: scan.read.relation.marked === true }
}

/** A scan of a relation as a whole: of a stream, its history. */
function whole(scan: Scan): Scan {
  return { ...scan, read: { ...scan.read, relation: { ...scan.read.relation, isHistory: true } } }
}

function holds(op: Op, kind: Op['kind']): boolean {
  return op.kind === kind || inputsOf(op).some((input) => holds(input, kind))
}

function withInputs(op: Op, inputs: readonly Op[]): Op {
  const [first] = inputs
  switch (op.kind) {
    case 'outer':
    case 'asof':
    case 'setop':
      return { ...op, left: inputs[0] ?? op.left, right: inputs[1] ?? op.right }
    case 'retain':
      return { ...op, input: first ?? op.input, times: inputs[1] ?? op.times }
    case 'join':
    case 'union':
      return { ...op, inputs }
    case 'scan':
    case 'constant':
    case 'opaque':
      return op
    default:
      return { ...op, input: first ?? op.input }
  }
}

/** What is computed, with ids numbered by their first appearance, and the schemas that say which events are good. */
function canonicalOf(op: Op, rule: Rule, rename: Rename): string {
  const text = rename(selectOf(op))
  const schemas = [...leavesOf(op).keys()].map((scan) => (scan as Scan).read.relation.schema ?? '')
  const types = op.columns.map((column) => `${column.type}${column.nullable ? '' : ' NOT NULL'}`)
  return JSON.stringify([planVersion, rule.strategy, rule.insertOnly, rule.needsRows, text, schemas, types])
}

/** Raised when rules lay their state out differently: older versions are then built anew. */
export const planVersion = 5
