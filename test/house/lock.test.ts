import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { complete, incomplete, type Lock } from './lock.ts'
import { print, root } from './source-files.ts'

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock & { packages: { '': Manifest } }

describe('npm ci takes the lock', () => {
  test('it names the packages of every platform', () => {
    expect(print(incomplete(lock))).toEqual([])
  })

  test('it was written for this package.json', () => {
    expect(lock.packages[''].dependencies).toEqual(manifest.dependencies)
    expect(lock.packages[''].devDependencies).toEqual(manifest.devDependencies)
  })

  test('versions are exact', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })
})

describe('a lock that lacks a platform', () => {
  const native = { version: '1.0.0', optionalDependencies: { '@x/native-linux-x64-musl': '1.0.0', '@x/native-darwin-arm64': '1.0.0' } }
  const packages = { '': {}, 'node_modules/x': { ...native, dev: true }, 'node_modules/@x/native-darwin-arm64': { version: '1.0.0' } }

  test('is told', () => {
    expect(print(incomplete({ packages }))).toEqual([expect.stringContaining('node_modules/x may bring @x/native-linux-x64-musl@1.0.0')])
  })

  test('is completed', () => {
    const completed = complete({ packages })
    expect(incomplete(completed)).toEqual([])
    expect(completed.packages['node_modules/@x/native-linux-x64-musl']).toEqual({
      version: '1.0.0',
      cpu: ['x64'],
      libc: ['musl'],
      os: ['linux'],
      dev: true,
      optional: true,
    })
  })

  test('a nested package finds its platform at the root', () => {
    const nested = {
      '': {},
      'node_modules/a/node_modules/x': native,
      'node_modules/@x/native-linux-x64-musl': {},
      'node_modules/a/node_modules/@x/native-darwin-arm64': {},
    }
    expect(incomplete({ packages: nested })).toEqual([])
  })
})
