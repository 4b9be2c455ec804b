import { expect } from 'vitest'
import type { Analyzer } from '../../../engine/compile/analyzer.ts'
import type { Case, Death, Step } from './case.ts'
import { Feed } from './feed.ts'
import { HandedOn } from './handed-on.ts'
import { KilledSubject } from './killed-subject.ts'
import type { Lived } from './lived.ts'
import type { Plain } from './plain.ts'
import { expectSame } from './same.ts'
import { worldOf } from './schema.ts'
import { type Declared, Subject } from './subject.ts'

/** What cases share, for the sake of time. */
export interface Bench {
  readonly plain: Plain
  readonly analyzer: Analyzer
}

/** Lives a case through; throws at the first batch after which a view is not its recomputation. */
export async function runCase(one: Case, bench: Bench): Promise<void> {
  const { recomputeRowsMax } = one
  const shared = { analyzer: bench.analyzer, inMemory: !one.durable, recomputeRowsMax }
  const subject = await Subject.open(declared(one, one.early), { events: 1_000 }, shared)
  const handed = new HandedOn(subject)
  await live(one, bench.plain, subject, {
    restart: () => handed.forget(),
    kill: () => Promise.reject(new Error('This case kills: it needs a process of its own')),
  })
}

/** The same with the engine in a process of its own. Answers how many processes were killed, by where. */
export async function runKilled(one: Case, plain: Plain): Promise<ReadonlyMap<string, number>> {
  const subject = await KilledSubject.open(one.world, declared(one, one.early).views, one.recomputeRowsMax)
  await live(one, plain, subject, { restart: () => undefined, kill: (at) => subject.kill(at) })
  return subject.deaths
}

interface Besides {
  restart(): void
  kill(at: Death): Promise<void>
}

async function live(one: Case, plain: Plain, subject: Lived, besides: Besides): Promise<void> {
  try {
    const world = worldOf(one.world)
    await plain.renew([...world.streams, ...world.tables])
    for (const { name, plain: select } of one.views) await plain.run(`CREATE VIEW ${name} AS ${select}`)
    const feed = new Feed(world, plain)
    await compare(subject, plain, 'before any event')
    for (const [n, step] of one.steps.entries()) {
      if (step.do === 'restart' || step.do === 'join') besides.restart()
      if (step.do === 'append') await feed.append(subject.log, step.to, step.events)
      else if (step.do === 'foreign') await feed.foreign(subject.log, step.to, step.partition, step.events)
      else if (step.do === 'kill') await besides.kill(step.at)
      else if (step.do === 'restart') await subject.restart()
      else if (step.do === 'join') await subject.restart(declared(one, one.views.length))
      else await stepThrough(step, subject, plain, feed, `in step ${n}`)
    }
    // A case that was made smaller may have lost its last batches.
    await stepThrough({ do: 'batches', count: 1_000, events: 1_000, path: 'constants' }, subject, plain, feed, 'at the end')
    expect(await subject.deadLetters(), 'dead letters').toBe(feed.bad)
    const hasJoined = one.steps.some((step) => step.do === 'join')
    const views = subject.live.filter(isOurs)
    expect(views.toSorted(), 'views that are there').toEqual(
      one.views
        .slice(0, hasJoined ? undefined : one.early)
        .map(({ name }) => name)
        .toSorted(),
    )
    const [view] = views.slice(-1)
    // One in three: it costs as much as a dozen batches.
    if (view !== undefined && one.durable) expect((await subject.verify(view)).differing, `verify ${view}`).toBe(0)
  } finally {
    await subject.close()
  }
}

/** The project with its first so many views. */
function declared(one: Case, count: number): Declared {
  return { ...worldOf(one.world), views: Object.fromEntries(one.views.slice(0, count).map(({ name, view }) => [name, view])) }
}

async function stepThrough(step: Step & { do: 'batches' }, subject: Lived, plain: Plain, feed: Feed, when: string): Promise<void> {
  subject.pace({ events: step.events, literalEventsMax: step.path === 'constants' ? undefined : 0 })
  for (let n = 0; n < step.count; n++) {
    const events = await subject.step()
    await feed.follow(subject)
    await compare(subject, plain, `${when}, after batch ${n + 1}`)
    if (events === 0) return
  }
}

async function compare(subject: Lived, plain: Plain, when: string): Promise<void> {
  expect(Object.fromEntries(subject.failed), when).toEqual({})
  for (const view of subject.live.filter(isOurs))
    expectSame(await subject.rows(view), await plain.answer(`SELECT * FROM ${view}`), `${view} ${when}`)
}

/** Tables and histories are members as well. */
function isOurs(name: string): boolean {
  return /^v\d+$/.test(name)
}
