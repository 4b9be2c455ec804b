/** The compiler, the linter and the search for dead exports are tests, so that one total speaks for all. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './source-files.ts'

const tools: readonly (readonly [name: string, script: string, ...parameters: string[]])[] = [
  ['types', 'typescript/bin/tsc', '-p', '.'],
  ['lint and format', '@biomejs/biome/bin/biome', 'ci', '--colors=off', '--max-diagnostics=50'],
  ['dead files, exports and dependencies', 'knip/bin/knip.js', '--no-progress'],
]

describe('the tools have nothing to say', () => {
  test.each(tools)('%s', (_, script, ...parameters) => {
    // Without CI, which would have biome answer in the form of one particular service.
    const env = { ...process.env, CI: undefined, GITHUB_ACTIONS: undefined, NO_COLOR: '1', FORCE_COLOR: undefined }
    const run = spawnSync(process.execPath, [join(root, 'node_modules', script), ...parameters], {
      cwd: root,
      env,
      encoding: 'utf8',
      maxBuffer: 16 << 20,
    })
    const said = `${run.stdout}${run.stderr}`.trim().split('\n').slice(0, 200).join('\n')
    expect(run.status, said).toBe(0)
  })
})
