import { createAppender } from '../../../engine/run/append.ts'
import { Plain, type PlainAnswer, type PlainEvent } from '../support/plain.ts'
import { plainValues } from '../support/schema.ts'
import { Subject } from '../support/subject.ts'
import type { Change } from './changelog.ts'
import { difference } from './difference.ts'
import { questions, tablesOf } from './questions.ts'
import { type TableName, tableNames, tables } from './tables.ts'

interface Waiting extends PlainEvent {
  readonly table: TableName
}

/** Evert and a plain DuckDB that are given the same changes; after every batch of Evert's, each view is its SELECT over the rows. */
export class Contest {
  readonly subject: Subject
  readonly #plain: Plain
  #waiting: Waiting[] = []
  readonly #answers = new Map<string, PlainAnswer>()
  batches = 0
  /** The questions that have had an answer with rows. */
  readonly answered = new Set<string>()

  private constructor(subject: Subject, plain: Plain) {
    this.subject = subject
    this.#plain = plain
  }

  /** Views over at most so many rows are computed anew; they are planned anew when they have twice as many. */
  static async open(recomputeRowsMax = 0): Promise<Contest> {
    const plain = await Plain.open(Object.values(tables))
    try {
      const subject = await Subject.open({ tables: Object.values(tables), views: questions }, { events: 1_000 }, { recomputeRowsMax })
      return new Contest(subject, plain)
    } catch (error) {
      plain.close()
      throw error
    }
  }

  /** Appends the changes to the tables' topics; those of one table keep their order. */
  async append(changes: readonly Change[]): Promise<void> {
    const appender = createAppender(this.subject.log, Object.values(tables))
    for (const table of tableNames) {
      const own = changes.filter((change) => change.table === table)
      if (own.length === 0) continue
      const answer = await appender.append(
        table,
        own.map(({ key, row }) => (row === null ? { data: null, key: String(key) } : { data: row })),
      )
      if (!answer.ok) throw new Error('a conflict without an expectation')
      for (const [index, { partition, offset }] of answer.places().entries()) {
        const { key, row } = own[index] as Change
        const values = row === null ? null : plainValues(row)
        this.#waiting.push({ table, type: table, key: String(key), partition, offset, timeMicros: answer.timeMicros, values })
      }
    }
  }

  /** Applies all that waits in the log, and compares after each batch. Throws with the view and the rows that differ. */
  async settle(when: string): Promise<void> {
    while ((await this.subject.step()) > 0) {
      this.batches++
      const changed = await this.#follow()
      await this.compare(`${when}, batch ${this.batches}`, changed)
    }
    if (this.#waiting.length > 0) throw new Error(`${when}: ${this.#waiting.length} changes have not been applied`)
  }

  /** Compares every view with its answer, which is asked for again where one of its tables has changed. */
  async compare(when: string, changed: ReadonlySet<TableName> = new Set(tableNames)): Promise<void> {
    for (const [view, error] of this.subject.failed) throw new Error(`${view} failed ${when}: ${error}`)
    for (const [view, select] of Object.entries(questions)) {
      const before = this.#answers.get(view)
      const mayDiffer = before === undefined || tablesOf.get(view)?.some((table) => changed.has(table)) === true
      const recomputed = mayDiffer ? await this.#plain.answer(select) : before
      const found = difference(await this.subject.rows(view), recomputed)
      const strategy = this.subject.definitions.plans.get(view)?.strategy
      if (found !== undefined) throw new Error(`${view} (${strategy}) differs ${when}\n${found}`)
      if (recomputed.rows.some(isAnswer)) this.answered.add(view)
      this.#answers.set(view, recomputed)
    }
  }

  /** Brings the plain tables to the position that the views stand at, and tells which have changed. */
  async #follow(): Promise<Set<TableName>> {
    const { position } = this.subject
    const passed = this.#waiting.filter((event) => event.offset < (position.get(tables[event.table].topic)?.[event.partition] ?? 0n))
    const changed = new Set(passed.map((event) => event.table))
    for (const table of changed)
      await this.#plain.insert(
        tables[table],
        passed.filter((event) => event.table === table),
      )
    this.#waiting = this.#waiting.filter((event) => !passed.includes(event))
    return changed
  }

  async close(): Promise<void> {
    this.#plain.close()
    await this.subject.close()
  }
}

/** A sum over nothing is a row as well, of a NULL. */
function isAnswer(row: string): boolean {
  return row !== '[null]'
}
