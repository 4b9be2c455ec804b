/**
 * What every log promises, as tests over the interface. A driver opens an implementation; what an implementation claims
 * in its capabilities is asserted, what it does not claim must say so.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Log } from '../../connectors/log/log.ts'
import type { Child } from '../support/child.ts'
import { appendConformance } from './log-append.ts'
import { batchOf, readAll } from './log-events.ts'
import { followConformance } from './log-follow.ts'
import { readConformance } from './log-read.ts'

export interface OpenedLog {
  readonly log: Log
  /** The same log once more: what was written must be there. */
  reopen(): Promise<Log>
  /** Closes all that was opened and takes it away. */
  cleanup(): Promise<void>
  /** Another process over the same log: `append TOPIC PREFIX COUNT` or `follow TOPIC COUNT`, see the driver's child. */
  otherProcess?(task: 'append' | 'follow', ...args: readonly string[]): Promise<Child>
}

/** The log under test, and topic names that nobody has used. */
export interface Subject {
  readonly opened: () => OpenedLog
  readonly log: () => Log
  readonly fresh: (options?: { partitions?: number; versions?: boolean }) => Promise<string>
}

export function logConformance(name: string, open: () => Promise<OpenedLog>): void {
  describe(`${name}: what every log promises`, () => {
    let opened: OpenedLog
    let topics = 0
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.cleanup())
    const log = () => opened.log
    const fresh = async (options: { partitions?: number; versions?: boolean } = {}) => {
      const topic = `topic-${process.pid}-${topics++}`
      await log().createTopic(topic, options)
      return topic
    }
    const subject: Subject = { opened: () => opened, log, fresh }
    topicConformance(subject)
    appendConformance(subject)
    readConformance(subject)
    followConformance(subject)
    closeConformance(name, open)
  })
}

function topicConformance({ opened, log, fresh }: Subject): void {
  describe('topics', () => {
    it('creates a topic once, and finds it', async () => {
      const name = await fresh({ partitions: 3 })
      const topic = await log().topic(name)
      expect(topic).toMatchObject({ name, partitions: 3, versions: false })
      expect(await log().createTopic(name, { partitions: 3 })).toEqual(topic)
      expect(await log().topics()).toContainEqual(topic)
    })

    it('refuses another number of partitions', async () => {
      const name = await fresh({ partitions: 2 })
      await expect(log().createTopic(name, { partitions: 3 })).rejects.toMatchObject({ code: 'topic-mismatch' })
    })

    it('says which topic it does not know', async () => {
      await expect(log().topic('nowhere')).rejects.toMatchObject({ code: 'topic-unknown', details: { topic: 'nowhere' } })
      await expect(log().read('nowhere', 0, 0n)).rejects.toMatchObject({ code: 'topic-unknown' })
      await expect(log().ends(['nowhere'])).rejects.toMatchObject({ code: 'topic-unknown' })
    })

    it('gives each topic an id of its own, and the log one, for good', async () => {
      const [a, b] = await Promise.all([fresh(), fresh()])
      const ids = await Promise.all([log().topic(a), log().topic(b)])
      expect(ids[0]?.id).not.toBe(ids[1]?.id)
      const again = await opened().reopen()
      expect(again.id).toBe(log().id)
      expect((await again.topic(a)).id).toBe(ids[0]?.id)
    })
  })
}

function closeConformance(name: string, open: () => Promise<OpenedLog>): void {
  it('close writes what was queued; later calls say that it is closed', async () => {
    const { log, reopen, cleanup } = await open()
    try {
      await log.createTopic('closing')
      const event = { value: name, type: 'T', key: null }
      const appends = Array.from({ length: 20 }, () => log.append([batchOf('closing', 0, [event])]))
      await log.close()
      expect((await Promise.all(appends)).every(({ ok }) => ok)).toBe(true)
      await expect(log.append([batchOf('closing', 0, [event])])).rejects.toMatchObject({ code: 'log-closed' })
      await expect(log.read('closing', 0, 0n)).rejects.toMatchObject({ code: 'log-closed' })
      expect(await readAll(await reopen(), 'closing', 0)).toHaveLength(20)
    } finally {
      await cleanup()
    }
  })
}
