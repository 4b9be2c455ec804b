import { relative } from 'node:path'
import { declarationInvalid } from '../declare/origin.ts'
import type { Origin, ProcessorModel, StreamModel } from '../types.ts'
import type { Declared } from './load-project.ts'

/** What can be wrong only between declarations: names used twice, streams that nobody exports, processors in a circle. */
export function checkProject(root: string, declared: readonly Declared[]): void {
  checkNames(root, declared)
  checkTopics(declared)
  checkStreams(declared)
  checkCycles(declared.map(({ model }) => model).filter((model) => model.kind === 'processor'))
}

/** Streams, tables and views share SQL's one space of names; so do processors, since messages and metrics name them all. */
function checkNames(root: string, declared: readonly Declared[]): void {
  const seen = new Map<string, Declared['model']>()
  for (const { model } of declared) {
    const other = seen.get(model.name.toLowerCase())
    if (other !== undefined) {
      throw declarationInvalid(
        model.origin,
        `${model.kind} '${model.name}': the name is taken by ${other.kind} '${other.name}' at ${placeOf(root, other.origin)}. Names are unique, upper and lower case alike: rename one`,
      )
    }
    seen.set(model.name.toLowerCase(), model)
  }
}

function placeOf(root: string, origin: Origin): string {
  return `${relative(root, origin.file)}${origin.line === undefined ? '' : `:${origin.line}`}`
}

function checkTopics(declared: readonly Declared[]): void {
  const seen = new Map<string, string>()
  for (const { model } of declared) {
    if (model.kind !== 'stream' && model.kind !== 'table') continue
    const other = seen.get(model.topic)
    if (other !== undefined)
      throw declarationInvalid(
        model.origin,
        `${model.kind} '${model.name}': topic '${model.topic}' is '${other}''s already. Give each its own topic`,
      )
    seen.set(model.topic, model.name)
  }
}

function checkStreams(declared: readonly Declared[]): void {
  const known = new Set<unknown>(declared.map(({ model }) => model))
  for (const { model } of declared) {
    if (model.kind !== 'fold' && model.kind !== 'processor') continue
    const used: readonly StreamModel[] = model.kind === 'processor' ? [model.from, ...model.to] : [model.from]
    const unknown = used.find((stream) => !known.has(stream))
    if (unknown !== undefined) {
      throw declarationInvalid(
        model.origin,
        `${model.kind === 'fold' ? 'view' : 'processor'} '${model.name}': stream '${unknown.name}' is unknown to the project. Export it from a file of the pipelines`,
      )
    }
  }
}

/** From each event type that a processor handles an edge to each that it emits; a circle would never come to rest. */
function checkCycles(processors: readonly ProcessorModel[]): void {
  const edges = new Map<string, { readonly to: string; readonly by: ProcessorModel }[]>()
  for (const by of processors) {
    for (const type of Object.keys(by.handle)) {
      const from = `${by.from.name}.${type}`
      edges.set(from, [...(edges.get(from) ?? []), ...by.emits.map((to) => ({ to, by }))])
    }
  }
  const done = new Set<string>()
  const visit = (type: string, path: readonly string[]): void => {
    if (done.has(type)) return
    for (const { to, by } of edges.get(type) ?? []) {
      const start = [...path, type].indexOf(to)
      if (start >= 0) {
        const circle = [...path, type].slice(start)
        throw declarationInvalid(
          by.origin,
          `processor '${by.name}': it closes a circle of processors, ${[...circle, to].join(' → ')}. An event would give rise to events for ever: emit an event type that none of them handles`,
        )
      }
      visit(to, [...path, type])
    }
    done.add(type)
  }
  for (const type of edges.keys()) visit(type, [])
}
