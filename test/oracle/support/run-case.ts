import { expect } from 'vitest'
import type { Analyzer } from '../../../engine/compile/analyzer.ts'
import type { Case, Step } from './case.ts'
import { Feed } from './feed.ts'
import { HandedOn } from './handed-on.ts'
import type { Plain } from './plain.ts'
import { expectSame } from './same.ts'
import { worldOf } from './schema.ts'
import { Subject } from './subject.ts'

/** What cases share, for the sake of time. */
export interface Bench {
  readonly plain: Plain
  readonly analyzer: Analyzer
}

/** Lives a case through; throws at the first batch after which a view is not its recomputation. */
export async function runCase(one: Case, { plain, analyzer }: Bench): Promise<void> {
  const world = worldOf(one.world)
  await plain.renew([...world.streams, ...world.tables])
  for (const { name, plain: select } of one.views) await plain.run(`CREATE VIEW ${name} AS ${select}`)
  const declared = (count: number) => ({
    ...world,
    views: Object.fromEntries(one.views.slice(0, count).map(({ name, view }) => [name, view])),
  })
  const subject = await Subject.open(declared(one.early), { events: 1_000 }, { analyzer, inMemory: !one.durable })
  const feed = new Feed(world, plain)
  const handed = new HandedOn(subject)
  try {
    await compare(subject, plain, 'before any event')
    for (const [n, step] of one.steps.entries()) {
      if (step.do === 'restart' || step.do === 'join') handed.forget()
      if (step.do === 'append') await feed.append(subject.log, step.to, step.events)
      else if (step.do === 'foreign') await feed.foreign(subject.log, step.to, step.partition, step.events)
      else if (step.do === 'restart') await subject.restart()
      else if (step.do === 'join') await subject.restart(declared(one.views.length))
      else await stepThrough(step, subject, plain, feed, `in step ${n}`)
    }
    // A case that was made smaller may have lost its last batches.
    await stepThrough({ do: 'batches', count: 1_000, events: 1_000, path: 'constants' }, subject, plain, feed, 'at the end')
    const dead = await subject.store.transaction((tx) => tx.all('SELECT count(*) AS n FROM _evert.dead_letters'))
    expect(dead, 'dead letters').toEqual([{ n: BigInt(feed.bad) }])
    const [view] = subject.live.filter(isOurs).slice(-1)
    // One in three: it costs as much as a dozen batches.
    if (view !== undefined && one.durable) expect((await subject.verify(view)).differing, `verify ${view}`).toBe(0)
  } finally {
    await subject.close()
  }
}

async function stepThrough(step: Step & { do: 'batches' }, subject: Subject, plain: Plain, feed: Feed, when: string): Promise<void> {
  subject.pace({ events: step.events, literalEventsMax: step.path === 'constants' ? undefined : 0 })
  for (let n = 0; n < step.count; n++) {
    const events = await subject.step()
    await feed.follow(subject)
    await compare(subject, plain, `${when}, after batch ${n + 1}`)
    if (events === 0) return
  }
}

async function compare(subject: Subject, plain: Plain, when: string): Promise<void> {
  expect(Object.fromEntries(subject.failed), when).toEqual({})
  for (const view of subject.live.filter(isOurs))
    expectSame(await subject.rows(view), await plain.answer(`SELECT * FROM ${view}`), `${view} ${when}`)
}

/** Tables and histories are members as well. */
function isOurs(name: string): boolean {
  return /^v\d+$/.test(name)
}
