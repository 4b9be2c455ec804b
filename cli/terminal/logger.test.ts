import { expect, test } from 'vitest'
import { logLine } from './logger.ts'

test('a line of the log for people', () => {
  expect(logLine('{"level":"warn","time":"2026-01-02T12:30:05.123Z","stream":"shop","reason":"no number","msg":"dead letter"}')).toBe(
    '12:30:05 warn  dead letter stream=shop reason="no number"\n',
  )
  expect(logLine('{"level":"info","time":"2026-01-02T12:30:05.123Z"}')).toBe('12:30:05 info\n')
})
