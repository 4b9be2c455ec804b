import { expect, test } from 'vitest'
import type { Derivation } from '../run/derivation.ts'
import type { Member } from '../run/member.ts'
import { idOf, type VersionRow } from '../run/registry.ts'
import { succession, unread } from './succession.ts'

interface Told {
  readonly kind?: VersionRow['kind']
  readonly role?: VersionRow['role']
  readonly state?: VersionRow['state']
  readonly reads?: readonly string[]
  readonly streams?: readonly string[]
}

/** One version with its member: `a@1`, or a part's or a history's name. */
function version(text: string, { kind = 'sql', role = 'public', state = 'live', reads = [], streams = [] }: Told = {}) {
  const [name = '', fingerprint = '1'] = text.split('@')
  const row: VersionRow = { name, kind, fingerprint, table: `${text}.${kind}`, state, error: null, plan: null, role }
  const of = new Map(streams.map((stream) => [stream, { needs: undefined, placed: false }]))
  const member = {
    derivation: { id: idOf(row), name, kind, fingerprint, reads, streams: of } as unknown as Derivation,
    table: row.table,
  } as Member
  return { row, member }
}

type Version = ReturnType<typeof version>

function after(there: readonly Version[], built: readonly Version[], options: { keep?: number; redecoded?: readonly string[] } = {}) {
  const { previous, gone } = succession({
    members: there.filter(({ row }) => row.state === 'live').map(({ member }) => member),
    rows: there.map(({ row }) => row),
    built: built.map(({ member }) => member),
    redecoded: new Set(options.redecoded ?? []),
    keep: options.keep ?? 1,
  })
  return { previous: previous.map(({ table }) => table), gone: gone.map(({ table }) => table) }
}

test('a replaced version goes on; with none to keep it goes', () => {
  const there = [version('a@1')]
  expect(after(there, [version('a@2')])).toEqual({ previous: ['a@1.sql'], gone: [] })
  expect(after(there, [version('a@2')], { keep: 0 })).toEqual({ previous: [], gone: ['a@1.sql'] })
})

test('one of the same definition is repaired: it goes, and those beside it stay, whatever is to be kept', () => {
  const there = [version('a@1', { role: 'previous' }), version('a@2'), version('a@3', { role: 'ready' })]
  for (const keep of [0, 1]) expect(after(there, [version('a@2')], { keep })).toEqual({ previous: [], gone: ['a@2.sql'] })
})

test('of previous ones the oldest go; ready ones do not count', () => {
  const there = [version('a@1', { role: 'previous' }), version('a@2', { role: 'ready' }), version('a@3')]
  expect(after(there, [version('a@4')])).toEqual({ previous: ['a@3.sql'], gone: ['a@1.sql'] })
  expect(after(there, [version('a@4')], { keep: 2 })).toEqual({ previous: ['a@3.sql'], gone: [] })
})

test('one on which another is built stays, and so does what it is built on through parts', () => {
  const part = version('~p', { kind: 'part', reads: ['a@1'] })
  const there = [version('a@1', { role: 'previous' }), part, version('b@1', { reads: ['~p'] }), version('a@2')]
  expect(after(there, [version('a@3')])).toEqual({ previous: ['a@2.sql'], gone: [] })
  expect(
    unread(
      [there[0]?.row as VersionRow],
      there.map(({ member }) => member),
    ),
  ).toEqual([])
  const both = [there[0]?.row, there[2]?.row] as VersionRow[]
  expect(
    unread(
      both,
      there.map(({ member }) => member),
    ),
  ).toEqual(both)
})

test('one that failed does not go on, nor one whose events are decoded otherwise now, itself or in what it reads', () => {
  expect(after([version('a@1', { state: 'failed' })], [version('a@2')])).toEqual({ previous: [], gone: ['a@1.sql'] })
  const byEvents = [version('a@1', { streams: ['s'] }), version('b@1', { reads: ['a@1'] })]
  expect(after(byEvents, [version('a@2'), version('b@2')], { redecoded: ['s'] })).toEqual({ previous: [], gone: ['a@1.sql', 'b@1.sql'] })
  expect(after(byEvents, [version('a@2'), version('b@2')])).toEqual({ previous: ['a@1.sql', 'b@1.sql'], gone: [] })
})

test('one that reads a history does not go on over that of another schema', () => {
  const there = [version('s@1', { kind: 'history' }), version('a@1', { reads: ['s'] })]
  const changed = [version('s@2', { kind: 'history' }), version('a@2', { reads: ['s'] })]
  expect(after(there, changed)).toEqual({ previous: [], gone: ['s@1.history', 'a@1.sql'] })
  const repaired = [version('s@1', { kind: 'history' }), version('a@2', { reads: ['s'] })]
  expect(after(there, repaired)).toEqual({ previous: ['a@1.sql'], gone: ['s@1.history'] })
})
