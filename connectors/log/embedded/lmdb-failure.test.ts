import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { EvertError } from '../../../errors.ts'
import { assertRoom, lmdbFailure } from './lmdb-failure.ts'

const thrown = (message: string, code: unknown) => Object.assign(new Error(message), { code })

it.each([
  ['MDB_MAP_FULL: Environment mapsize limit reached', -30792, 'log-full'],
  ['No space left on device', 28, 'log-full'],
  ['File too large', 27, 'log-full'],
  ['Permission denied', 13, 'log-unreadable'],
  ['MDB_PANIC: Update of meta page failed', -30795, 'log-unreadable'],
])('%s is %s: %s', (message, code, expected) => {
  const cause = thrown(message, code)
  const failure = lmdbFailure(cause, 'append', tmpdir())
  expect(failure).toMatchObject({ code: expected, canRetry: true, cause })
  expect(failure.message).toContain('Could not append')
})

it('passes on what is an error of ours already', () => {
  const own = new EvertError('log-closed', 'closed')
  expect(lmdbFailure(own, 'append', tmpdir())).toBe(own)
})

it('what would fill the disk is refused before LMDB meets its end', () => {
  expect(() => assertRoom(tmpdir(), 1)).not.toThrow()
  expect(() => assertRoom(tmpdir(), 2 ** 60)).toThrow(expect.objectContaining({ code: 'log-full', canRetry: true }))
})
