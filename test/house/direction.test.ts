import { describe, expect, test } from 'vitest'
import { direction } from './direction.ts'
import { file, print, readSourceFiles } from './source-files.ts'

describe('imports run one way', () => {
  test('in this repository', () => {
    expect(print(direction(readSourceFiles()))).toEqual([])
  })

  const others = [
    'errors.ts',
    'index.ts',
    'engine/model/stream.ts',
    'engine/compile/plan.ts',
    'engine/run/loop.ts',
    'engine/replay/replay.ts',
    'engine/serve/local.ts',
    'cli/run.ts',
    'connectors/log/log.ts',
    'connectors/log/embedded/open.ts',
    'connectors/store/quote.ts',
    'connectors/store/duckdb/open.ts',
    'test/support/clock.ts',
  ].map((path) => file(path, ''))

  /** What the rule says of one file that imports one other. */
  function judge(path: string, specifier: string, form = (name: string) => `import { x } from '${name}'`): string[] {
    return print(direction([...others.filter((one) => one.path !== path), file(path, form(specifier))]))
  }

  test.each([
    ['engine/model/a.ts', '../compile/plan.ts'],
    ['engine/compile/a.ts', '../run/loop.ts'],
    ['engine/run/a.ts', '../replay/replay.ts'],
    ['engine/run/a.ts', '../../connectors/store/duckdb/open.ts'],
    ['engine/replay/a.ts', '../serve/local.ts'],
    ['engine/replay/a.ts', '../../connectors/log/embedded/open.ts'],
    ['engine/serve/a.ts', '../../cli/run.ts'],
    ['connectors/log/embedded/a.ts', '../../../engine/run/loop.ts'],
    ['connectors/log/embedded/a.ts', '../../store/duckdb/open.ts'],
    ['connectors/log/log.ts', './embedded/open.ts'],
    ['errors.ts', './engine/model/stream.ts'],
    ['engine/run/a.ts', '../../test/support/clock.ts'],
    ['engine/run/a.ts', '../../index.ts'],
    ['pipelines/shop.ts', '../engine/model/stream.ts'],
  ])('%s may not import %s', (path, specifier) => {
    expect(judge(path, specifier)).toEqual([expect.stringMatching(`^${path}:1 imports `)])
  })

  test.each([
    ['engine/compile/a.ts', '../model/stream.ts'],
    ['engine/compile/a.ts', '../../connectors/store/quote.ts'],
    ['engine/run/a.ts', '../../connectors/log/log.ts'],
    ['engine/serve/a.ts', '../../connectors/store/duckdb/open.ts'],
    ['engine/run/a.test.ts', '../../connectors/store/duckdb/open.ts'],
    ['connectors/store/duckdb/a.ts', '../../log/log.ts'],
    ['connectors/store/duckdb/a.ts', './open.ts'],
    ['cli/a.ts', '../engine/serve/local.ts'],
    ['pipelines/shop.ts', '../index.ts'],
    ['limits.ts', './errors.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(judge(path, specifier)).toEqual([])
  })

  test.each([
    ['import type', (name: string) => `import type { X } from '${name}'`],
    ['export from', (name: string) => `export * from '${name}'`],
    ['several lines', (name: string) => `import {\n  x,\n} from '${name}'`],
    ['dynamic', (name: string) => `const { x } = await import('${name}')`],
    ['child process', (name: string) => `fork(new URL('${name}', import.meta.url))`],
    ['side effect', (name: string) => `import '${name}'`],
  ])('sees the form: %s', (_, form) => {
    expect(judge('engine/model/a.ts', '../run/loop.ts', form)).toHaveLength(1)
  })

  test('a file outside every part is told', () => {
    expect(print(direction([file('misc/a.ts', '')]))).toEqual([expect.stringContaining('belongs to no part')])
  })
})
