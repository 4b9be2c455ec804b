/** A view's plan as a tree: the view on top, what it is made of below. */
import type { PlanNode } from '../../engine/serve/service.ts'
import { formatBytes, formatCell, formatMany } from './format.ts'
import { measuredText, stepLines } from './measured.ts'

export interface TreeOptions {
  /** The steps of the last batches as well. */
  readonly analyze: boolean
}

/** Lines of the tree. A view below another one is told in short: it has an explanation of its own. */
export function planTree(root: PlanNode, options: TreeOptions): string[] {
  return nodeLines(root, { ...options, isOwn: true })
}

interface At extends TreeOptions {
  /** Of the view itself or of a part of it, not of a view that it reads. */
  readonly isOwn: boolean
}

function nodeLines(node: PlanNode, at: At): string[] {
  const facts = at.isOwn ? factsOf(node, at) : []
  const hasInputs = node.inputs.length > 0
  const own = [headOf(node, at), ...facts.map((line) => `${hasInputs ? '│' : ' '}    ${line}`)]
  const below = node.inputs.map((input) => nodeLines(input, { ...at, isOwn: at.isOwn && input.kind !== 'view' }))
  return [...own, ...below.flatMap((lines, i) => branch(lines, i === below.length - 1))]
}

function branch(lines: readonly string[], isLast: boolean): string[] {
  return lines.map((line, i) => (i === 0 ? `${isLast ? '└─ ' : '├─ '}${line}` : `${isLast ? '   ' : '│  '}${line}`).trimEnd())
}

/** `~3fa9…  GROUP BY country: count(*)  [linear; 12 rows, 4.0 KiB]` */
function headOf(node: PlanNode, at: At): string {
  const name = node.name === undefined ? [] : [isSource(node) ? `${kindWords[node.kind]} ${node.name}` : node.name]
  const state = node.rows === undefined ? [] : [`${formatMany(node.rows, 'row')}, ${formatBytes(node.bytes ?? 0)}`]
  const told = [...(node.strategy === undefined ? [] : [node.strategy]), ...state]
  const short = !at.isOwn && node.kind === 'view' ? [`(evert explain ${node.name})`] : []
  const again = node.isRepeated === true ? ['(as above)'] : []
  return [...name, formatCell(node.what), ...(told.length === 0 ? [] : [`[${told.join('; ')}]`]), ...short, ...again].join('  ')
}

const kindWords: Readonly<Record<string, string>> = { stream: 'stream', history: 'history of', table: 'table', fold: 'fold' }

function isSource({ kind }: PlanNode): boolean {
  return kind in kindWords
}

function factsOf(node: PlanNode, { analyze }: At): string[] {
  if (node.isRepeated === true || node.strategy === undefined) return []
  const facts: (readonly [string, string | undefined])[] = [
    ['why', node.reason],
    ['keeps', node.keeps === undefined ? node.grows : [node.keeps, node.grows].filter(Boolean).join('; ')],
    ['shared', node.sharedWith && `kept once, with ${node.sharedWith.join(', ')}`],
    ['costs', node.estimate?.text],
    ['measured', measuredText(node.measured)],
    ['cheaper', node.advice],
  ]
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${formatCell(value)}`]))
  return analyze ? [...lines, ...stepLines(node.measured?.batches ?? []).map((line) => `  ${line}`)] : lines
}
