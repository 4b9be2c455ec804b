import { expect } from 'vitest'
import { ident, list, path } from '../../../connectors/store/quote.ts'
import type { Commit } from '../../../engine/run/loop.ts'
import type { Subject } from './subject.ts'

/**
 * The changes that views and tables hand on to the views that read them: within a batch each leaves its net change in a
 * temporary table (`engine/run/changes.ts`). The rows before a batch and what it handed on must make the rows after it.
 */
export class HandedOn {
  readonly #subject: Subject
  /** Those whose rows after the last batch stand in a temporary table of ours. */
  readonly #seen = new Set<string>()
  /** Changes that were there to be checked. */
  checked = 0

  constructor(subject: Subject) {
    this.#subject = subject
    subject.afterCommit.push((commit) => this.#check(commit))
  }

  /** The temporary tables may be gone with their connection: the next batch is where we look again. */
  forget(): void {
    this.#seen.clear()
  }

  async #check({ changes }: Commit): Promise<void> {
    const { store, loop, definitions } = this.#subject
    // A build that is under way swaps tables that nobody has seen.
    if (loop.members.length < definitions.derivations.length) return this.forget()
    const read = new Set(definitions.derivations.flatMap((derivation) => derivation.reads))
    for (const { derivation } of loop.members) {
      const { id, name } = derivation
      if (!read.has(id) || derivation.kind === 'history' || derivation.kind === 'part') continue
      if (changes.has(id) && this.#seen.has(name)) await this.#compare(name, changes.table(id))
      await store.script([`CREATE OR REPLACE TEMP TABLE ${ident(`seen ${name}`)} AS SELECT * FROM ${path('main', name)}`])
      this.#seen.add(name)
    }
  }

  async #compare(name: string, change: string): Promise<void> {
    const columns = list((this.#subject.definitions.catalog.get(name.toLowerCase())?.columns ?? []).map((column) => column.name))
    const weighed = [
      `SELECT ${columns}, 1 AS _w FROM ${path('main', name)}`,
      `SELECT ${columns}, -1 FROM ${path('temp', `seen ${name}`)}`,
      `SELECT ${columns}, -_w FROM ${change} AS d(${columns}, _w)`, // by place: views hand on columns by their ids
    ]
    const differing = await this.#subject.store.transaction((tx) =>
      tx.all(`SELECT ${columns}, sum(_w) AS missing FROM (${weighed.join(' UNION ALL ')}) GROUP BY ALL HAVING sum(_w) <> 0`),
    )
    this.checked++
    expect(differing, `rows that ${name} changed and did not hand on, or the other way round`).toEqual([])
  }
}
