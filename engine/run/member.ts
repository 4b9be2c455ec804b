import { withoutPrintedSql } from '../compile/located.ts'
import type { Batch } from './batch.ts'
import type { Derivation, Prepared } from './derivation.ts'

/** A derivation and the table that this version of it owns. */
export interface Member {
  readonly derivation: Derivation
  /** Quoted name. */
  readonly table: string
  /** A version beside the public one: it is kept as any other, and no public name points at it. */
  readonly isAside?: boolean
}

/** A view whose SELECT raised: it is taken out of the batch, the others go on. Its message leaves out the statement, which is generated. */
export class ViewFailed extends Error {
  readonly member: Member
  constructor(member: Member, cause: unknown) {
    super(withoutPrintedSql((cause as Error).message), { cause })
    this.member = member
  }
}

/** What a member does for a batch. */
export interface Work {
  readonly member: Member
  readonly answer: Prepared
}

/** Those whose events are in the batch, and those that read what these change. */
export function activeMembers(members: readonly Member[], batch: Batch, fresh: ReadonlySet<string>): Member[] {
  const touched = new Set<string>()
  return members.filter(({ derivation }) => {
    const active =
      fresh.has(derivation.id) ||
      [...derivation.streams.keys()].some((stream) => batch.chunks.has(stream)) ||
      derivation.reads.some((read) => touched.has(read))
    if (active) touched.add(derivation.id)
    return active
  })
}

/** Under which name its dead letters and counts are kept. */
export function consumerOf({ derivation, isAside }: Member): string {
  return isAside === true ? derivation.id : derivation.name
}

/** The registry's name of a member's table: the last part of the quoted path. */
export function tableOf(member: Member): string {
  const match = /^"_state"\."((?:[^"]|"")*)"$/.exec(member.table)
  if (!match?.[1]) throw new Error(`Not a state table: ${member.table}`)
  return match[1].replaceAll('""', '"')
}
