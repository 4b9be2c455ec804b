import { ident, list, path } from '../../../connectors/store/quote.ts'
import { relationSchema } from '../relations.ts'
import type { Input } from '../rules/rule.ts'
import type { Col, Join, Op, Scan } from './op.ts'
import type { Reference } from './refound.ts'
import { conjunction, ids, outputs, renamed } from './select-of.ts'

/** Where an operator's rows come from when they are not computed in place. */
export type Leaf =
  /** The events of the batch, straight from the log. Nothing of it is kept, so only its change is there. */
  | { readonly kind: 'stream' }
  /** Something that is kept: a table, a view, a part. `marked`: rows that are only added, with `_at`, the position of their batch. */
  | { readonly kind: 'kept'; readonly name: string; readonly marked: boolean }

/** What a batch tells: which kept relations changed, and the events. */
export interface Fed {
  /** FROM item of the batch's events, with the columns that the scan names. */
  delta(scan: Scan): string
  isStreamChanged(scan: Scan): boolean
  isChanged(name: string): boolean
  /** Of a kept relation that changed: did rows only come? */
  isAdded(name: string): boolean
  /** Quoted table of a kept relation's change. */
  change(name: string): string
  readonly isFirst: boolean
  readonly at: bigint
}

/** The linear operators between a rule and what is kept, as texts: their change, their rows, their rows before. */
export interface Feed {
  readonly op: Op
  readonly leaves: ReadonlyMap<Op, Leaf>
  readonly insertOnly: boolean
}

export function inputOf(feed: Feed, fed: Fed): Input {
  return {
    columns: feed.op.columns,
    insertOnly: feed.insertOnly,
    isOnlyAdded: feed.insertOnly || isOnlyAdded(feed.op, feed, fed),
    isChanged: isChanged(feed.op, feed, fed),
    change: () => change(feed.op, feed, fed),
    rows: () => rows(feed.op, feed),
    weighted: () => weighted(feed.op, feed),
    before: () => before(feed.op, feed, fed),
    refound: (from, references, more) => refound(feed.op, feed, from, references, more),
  }
}

/** Name under which relations that are only added to are read together with `_at`. */
export function markedRelation(name: string): string {
  return `${name}+at`
}

function isChanged(op: Op, feed: Feed, fed: Fed): boolean {
  const leaf = feed.leaves.get(op)
  if (leaf && op.kind === 'scan') return leaf.kind === 'stream' ? fed.isStreamChanged(op) : fed.isFirst || fed.isChanged(leaf.name)
  if (op.kind === 'constant') return fed.isFirst
  if (op.kind === 'map' || op.kind === 'expand') return isChanged(op.input, feed, fed)
  if (op.kind === 'join' || op.kind === 'union') return op.inputs.some((input) => isChanged(input, feed, fed))
  throw notLinear(op)
}

function change(op: Op, feed: Feed, fed: Fed): string {
  const leaf = feed.leaves.get(op)
  if (leaf && op.kind === 'scan') {
    if (leaf.kind === 'stream') return `(SELECT ${named(op.names, op.columns)}, ${one} AS _w FROM ${fed.delta(op)} AS d)`
    if (!fed.isFirst) return `(SELECT ${named(op.names, op.columns)}, _w FROM ${changeOf(op, leaf, fed)})`
  }
  if (leaf || op.kind === 'constant') return weighted(op, feed)
  switch (op.kind) {
    case 'map':
      return `(SELECT ${outputs(op.outputs)}, _w FROM ${change(op.input, feed, fed)}${conjunction(' WHERE ', op.where)})`
    case 'expand':
      return `(SELECT ${ids(op.columns)}, _w FROM ${change(op.input, feed, fed)} AS l, ${op.item})`
    case 'union':
      return unionOf(
        op.inputs.filter((input) => isChanged(input, feed, fed)).map((input) => [input.columns, change(input, feed, fed)]),
        op.columns,
      )
    case 'join':
      return `(${joinTerms(op, feed, fed).join(' UNION ALL ')})`
    default:
      throw notLinear(op)
  }
}

/**
 * The telescoping form: one term for each input that changed, those before it as they are after the batch, those behind it as
 * they were before. What changed on both sides of a self-join is so counted once. (Gupta and Mumick, 1995.)
 */
function joinTerms(op: Join, feed: Feed, fed: Fed): string[] {
  const changed = op.inputs.map((input) => isChanged(input, feed, fed))
  const weights = op.inputs.flatMap((input, i) => (isInsertOnly(input, feed.leaves) ? [] : [`j${i}._w`]))
  return op.inputs.flatMap((_, at) => {
    if (!changed[at] || (fed.isFirst && at > 0)) return []
    const from = op.inputs.map((input, i) => {
      if (i === at) return aliased(input, feed, fed, `j${i}`)
      // In a first computation everything is new, and one term tells it all.
      if (i > at && !fed.isFirst && changed[i]) return `${before(input, feed, fed)} AS j${i}`
      // Nobody asks for the weight of what is only added to.
      return `${isInsertOnly(input, feed.leaves) && input.columns.length > 0 ? rows(input, feed) : weighted(input, feed)} AS j${i}`
    })
    const weight = weights.length > 0 ? weights.join(' * ') : one
    return [`SELECT ${ids(op.columns)}, ${weight} AS _w FROM ${from.join(', ')}${conjunction(' WHERE ', op.on)}`]
  })
}

/** An input's change under an alias. Where it is a table, its columns are named there: each SELECT around it costs what its columns cost to bind. */
function aliased(op: Op, feed: Feed, fed: Fed, alias: string): string {
  const leaf = feed.leaves.get(op)
  const isTable = leaf?.kind === 'kept' && op.kind === 'scan' && !fed.isFirst && op.columns.length > 0
  const wanted = op.kind === 'scan' ? op.names.map((name) => name.toLowerCase()) : []
  if (!isTable || new Set(wanted).size < wanted.length) return `${change(op, feed, fed)} AS ${alias}`
  const names = op.read.relation.columns.map(({ name }, i) => op.columns[wanted.indexOf(name.toLowerCase())]?.id ?? `_${i}`)
  return `${fed.change(leaf.name)} AS ${alias}(${list([...names, '_w'])})`
}

/** Are rows only ever added to it? Each then stands for one, in its rows and in its change. */
export function isInsertOnly(op: Op, leaves: ReadonlyMap<Op, Leaf>): boolean {
  const leaf = leaves.get(op)
  if (leaf) return leaf.kind === 'stream' || leaf.marked
  if (op.kind === 'constant') return true
  if (op.kind === 'map' || op.kind === 'expand') return isInsertOnly(op.input, leaves)
  return (op.kind === 'join' || op.kind === 'union') && op.inputs.every((input) => isInsertOnly(input, leaves))
}

/** Did rows of what is below only come in this batch? A join's terms may take what others bring. */
function isOnlyAdded(op: Op, feed: Feed, fed: Fed): boolean {
  const leaf = feed.leaves.get(op)
  if (leaf) return leaf.kind === 'stream' || leaf.marked || fed.isFirst || !fed.isChanged(leaf.name) || fed.isAdded(leaf.name)
  if (op.kind === 'constant') return true
  if (op.kind === 'map' || op.kind === 'expand') return isOnlyAdded(op.input, feed, fed)
  return op.kind === 'union' && op.inputs.every((input) => isOnlyAdded(input, feed, fed))
}

function rows(op: Op, feed: Feed): string {
  const leaf = feed.leaves.get(op)
  if (leaf && op.kind === 'scan') return `(SELECT ${named(op.names, op.columns)} FROM ${kept(leaf)})`
  if (op.kind === 'constant') return `(SELECT ${ids(op.columns)} FROM (${op.sql}) AS q(${ids(op.columns)}))`
  switch (op.kind) {
    case 'map':
      return `(SELECT ${outputs(op.outputs)} FROM ${rows(op.input, feed)}${conjunction(' WHERE ', op.where)})`
    case 'expand':
      return `(SELECT ${ids(op.columns)} FROM ${rows(op.input, feed)} AS l, ${op.item})`
    case 'union':
      return `(${op.inputs.map((input) => `SELECT ${renamed(input.columns, op.columns)} FROM ${rows(input, feed)}`).join(' UNION ALL ')})`
    default:
      throw notLinear(op)
  }
}

/** The rows of a join of which `from` holds some columns: the inputs that are referred to are read again, in the state after the batch. */
function refound(op: Op, feed: Feed, from: string, references: readonly Reference[], more: readonly string[]): string {
  const others = more.map((name) => `, ${ident(name)}`).join('')
  if (op.kind === 'map') return `(SELECT ${outputs(op.outputs)}${others} FROM ${refound(op.input, feed, from, references, more)})`
  if (op.kind !== 'join') throw notLinear(op)
  const sources = op.inputs.map((_, i) => (references.some((one) => one.input === i) ? `j${i}` : 'k'))
  const cells = op.inputs.flatMap((input, i) => input.columns.map(({ id }) => ({ id, source: sources[i] })))
  const shown = op.columns.map(({ id }) => `${cells.find((cell) => cell.id === id)?.source}.${ident(id)}`)
  const items = references.map(({ input }) => `, ${rows(op.inputs[input] as Op, feed)} AS j${input}`)
  const same = references.flatMap(({ input, columns }) => columns.map((id) => ({ sql: `j${input}.${ident(id)} = k.${ident(id)}` })))
  return `(SELECT ${[...shown, ...more.map((name) => `k.${ident(name)}`)].join(', ')} FROM ${from} AS k${items.join('')}${conjunction(' WHERE ', same)})`
}

function weighted(op: Op, feed: Feed): string {
  const columns = op.columns.length > 0 ? ids(op.columns) : '_one'
  return `(SELECT ${columns}, ${one} AS _w FROM ${rows(op, feed)})`
}

function before(op: Op, feed: Feed, fed: Fed): string {
  if (!isChanged(op, feed, fed)) return weighted(op, feed)
  const leaf = feed.leaves.get(op)
  if (leaf && op.kind === 'scan') {
    const columns = named(op.names, op.columns)
    if (fed.isFirst) return `(SELECT ${columns}, ${one} AS _w FROM ${kept(leaf)} WHERE FALSE)`
    if (leaf.kind === 'kept' && leaf.marked)
      return `(SELECT ${columns}, ${one} AS _w FROM ${path(relationSchema, markedRelation(leaf.name))} WHERE _at < ${fed.at})`
    return `(SELECT ${columns}, ${one} AS _w FROM ${kept(leaf)} UNION ALL SELECT ${columns}, -_w FROM ${changeOf(op, leaf, fed)})`
  }
  switch (op.kind) {
    case 'constant':
      return `(SELECT * FROM ${weighted(op, feed)} WHERE FALSE)`
    case 'map':
      return `(SELECT ${outputs(op.outputs)}, _w FROM ${before(op.input, feed, fed)}${conjunction(' WHERE ', op.where)})`
    case 'expand':
      return `(SELECT ${ids(op.columns)}, _w FROM ${before(op.input, feed, fed)} AS l, ${op.item})`
    case 'union':
      return unionOf(
        op.inputs.map((input) => [input.columns, before(input, feed, fed)]),
        op.columns,
      )
    default:
      throw notLinear(op)
  }
}

const one = 'CAST(1 AS BIGINT)'

function unionOf(inputs: readonly (readonly [readonly Col[], string])[], columns: readonly Col[]): string {
  return `(${inputs.map(([own, text]) => `SELECT ${renamed(own, columns)}, _w FROM ${text}`).join(' UNION ALL ')})`
}

/** A change has the columns of its relation by their places: parts that are shared know them by other ids. */
function changeOf(scan: Scan, leaf: Leaf, fed: Fed): string {
  const names = scan.read.relation.columns.map((column) => column.name)
  return `${fed.change(leaf.kind === 'kept' ? leaf.name : '')} AS d(${list(names.length > 0 ? [...names, '_w'] : ['_one', '_w'])})`
}

function kept(leaf: Leaf): string {
  if (leaf.kind === 'stream') throw new Error('Nothing is kept of these events')
  return path(relationSchema, leaf.name)
}

function named(names: readonly string[], columns: readonly Col[]): string {
  return columns.length > 0 ? columns.map((column, i) => `${ident(names[i] ?? '')} AS ${ident(column.id)}`).join(', ') : '1 AS _one'
}

function notLinear(op: Op): Error {
  return new Error(`A ${op.kind} is kept by a rule of its own`)
}
