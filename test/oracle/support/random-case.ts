import fc from 'fast-check'
import { sqlTypeText } from '../../../engine/model/schema/sql-type.ts'
import type { StreamModel, TableModel } from '../../../engine/model/types.ts'
import type { Appended, Case, Step, ViewText } from './case.ts'
import { Chooser, tape } from './chooser.ts'
import { foreignEvent } from './foreign.ts'
import { type Known, plainText, viewText } from './grammar/relation.ts'
import { hasTwice, isLoose, randomSelect } from './grammar/select.ts'
import { isRefusal, type Plain } from './plain.ts'
import { payloadOf, randomWorld, rowOf, type World, worldOf } from './schema.ts'

/** The choices behind a case; they shrink. */
export interface Tapes {
  readonly world: number[]
  readonly views: number[][]
  readonly steps: { readonly do: Step['do']; readonly tape: number[] }[]
}

export const tapes: fc.Arbitrary<Tapes> = fc.record({
  world: tape(160),
  views: fc.array(tape(160), { minLength: 1, maxLength: 4 }),
  steps: fc.array(
    fc.record({
      do: fc.constantFrom<Step['do'][]>(
        'append',
        'append',
        'append',
        'append',
        'batches',
        'batches',
        'batches',
        'foreign',
        'restart',
        'join',
      ),
      tape: tape(150),
    }),
    { minLength: 4, maxLength: 9 },
  ),
})

/** The case that the choices stand for. `plain` is left with the case's sources and views. */
export async function caseOf(choices: Tapes, plain: Plain, onMade?: (forms: readonly string[], accepted: boolean) => void): Promise<Case> {
  const chooser = new Chooser(choices.world)
  const durable = chooser.chance(3)
  const late = chooser.pick([0, 0, 1, 2])
  const recomputeRowsMax = chooser.pick([0, 0, 0, 1, 1, 2, 4, 9])
  const spec = randomWorld(chooser)
  const world = worldOf(spec)
  await plain.renew([...world.streams, ...world.tables])
  const views = await randomViews(world, plain, choices.views, onMade)
  const wanted = choices.steps.filter((step) => late > 0 || step.do !== 'join') // with nobody to join it would be a restart
  const sources = sourcesFor(views, world)
  const steps = wanted.map((step) => stepOf(step.do, world, sources, new Chooser(step.tape)))
  const end: Step = {
    do: 'batches',
    count: 1_000,
    events: chooser.pick([1_000, 1_000, 7, 3]),
    path: chooser.pick(['constants', 'parameters']),
  }
  const joins = late > 0 ? [{ do: 'join' } as const] : []
  return { world: spec, views, early: Math.max(views.length - late, 0), durable, recomputeRowsMax, steps: [...steps, ...joins, end] }
}

/** Views by random text, each over the sources or the views before it; the recomputation holds them as plain views. */
async function randomViews(
  world: World,
  plain: Plain,
  all: readonly (readonly number[])[],
  onMade?: (forms: readonly string[], accepted: boolean) => void,
): Promise<ViewText[]> {
  const known = knownSources(world)
  const views: ViewText[] = []
  for (const [n, numbers] of all.entries()) {
    const name = `v${n}`
    const chooser = new Chooser(numbers)
    const made = await randomSelect(chooser, known, (select) => describe(plain, select))
    const text = { name, view: viewText(made.template), plain: plainText(made.template) }
    const columns = await describe(plain, text.plain)
    onMade?.(made.forms, columns !== undefined)
    if (!columns) continue // DuckDB would not have it: types do not meet
    if (isRefused(text, columns)) continue
    await plain.run(`CREATE VIEW ${name} AS ${text.plain}`)
    const isAsked = chooser.chance(3) && !streams.test(text.view)
    views.push(isAsked ? { ...text, view: `CREATE MATERIALIZED VIEW ${name} WITH (plan = 'recompute') AS\n${text.view}\n` } : text)
    if (!columns.some(isLoose)) known.unshift({ name, alias: name, columns, kind: 'view', rows: made.rows })
  }
  return views
}

/** What is read of streams cannot be computed anew at each batch. */
const streams = /\b(shop|visits)\b/

/** Refused when declared, and rightly: two columns of one name, and NATURAL where it would join by place columns as well. */
function isRefused({ view }: ViewText, columns: Known['columns']): boolean {
  return hasTwice(columns) || (/ NATURAL /.test(view) && /\b_(type|key|time|partition|offset)\b/.test(view))
}

async function describe(plain: Plain, select: string): Promise<Known['columns'] | undefined> {
  try {
    return await plain.describe(select)
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

function knownSources(world: World): Known[] {
  return [...world.streams, ...world.tables].flatMap((source) => {
    const types = source.kind === 'stream' && source.types.length > 1 ? source.types : []
    const relations = [
      { name: source.name, alias: source.name, fields: source.columns },
      ...types.map((type) => ({ name: `${source.name}.${type.name}`, alias: type.name, fields: type.fields })),
    ]
    return relations.map(({ name, alias, fields }) => {
      const columns = fields.map((field) => ({ name: field.name, type: sqlTypeText(field.type), required: field.required }))
      return { name, alias, columns, kind: source.kind, rows: source.kind === 'stream' ? 40 : 5 }
    })
  })
}

/** All sources, those that a view names more often: events that nobody reads say little. */
function sourcesFor(views: readonly ViewText[], world: World): (StreamModel | TableModel)[] {
  const all = [...world.streams, ...world.tables]
  const named = all.filter(({ name }) => views.some(({ plain }) => new RegExp(`\\b${name}\\b`).test(plain)))
  return [...named, ...named, ...named, ...all]
}

function stepOf(what: Step['do'], world: World, sources: readonly (StreamModel | TableModel)[], chooser: Chooser): Step {
  if (what === 'restart' || what === 'join') return { do: what }
  if (what === 'batches') {
    const events = chooser.pick([1_000, 7, 1])
    return { do: what, count: 1 + chooser.below(8), events, path: chooser.pick(['constants', 'parameters']) }
  }
  const count = 1 + chooser.below(chooser.pick([3, 12, 25]))
  if (what === 'foreign') {
    const to = chooser.pick(world.streams)
    const events = Array.from({ length: count }, () => foreignEvent(to, chooser))
    return { do: what, to: to.name, partition: chooser.below(to.partitions), events }
  }
  const to = chooser.pick(sources)
  const events = Array.from({ length: count }, (): Appended => {
    if (to.kind === 'table') {
      const row = rowOf(to, chooser)
      return chooser.chance(4) ? { data: null, key: String(row[to.key]) } : { data: row }
    }
    const type = chooser.pick(to.types).name
    return { type, data: payloadOf(to, type, chooser) }
  })
  return { do: 'append', to: to.name, events }
}
