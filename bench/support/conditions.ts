import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem, type } from 'node:os'
import { dirname, join, sep } from 'node:path'

const require = createRequire(import.meta.url)

/** What a figure depends on beside the code. The load average tells whether the machine was shared. */
export function conditions(): string {
  const versions = ['@duckdb/node-api', 'lmdb'].map((name) => `${name} ${versionOf(name)}`)
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, load average ${loadavg()[0]?.toFixed(1)} at the start`,
    `Node ${process.versions.node}, ${versions.join(', ')}, ${type()}, data on ${fileSystemOf(tmpdir())}`,
  ].join('\n')
}

/** From the package's own file, which its `exports` may hide. */
function versionOf(name: string): string {
  for (let dir = dirname(require.resolve(name)); dir !== dirname(dir); dir = dirname(dir)) {
    const found = manifest(join(dir, 'package.json'))
    if (found?.name === name) return found.version ?? '?'
  }
  return '?'
}

function manifest(file: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string }
  } catch {
    return undefined // most folders on the way up have none
  }
}

/** The kernel's name of the file system that holds a folder, where it tells. */
function fileSystemOf(folder: string): string {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
    const holds = (place: string) => place === '/' || folder === place || folder.startsWith(place + sep)
    const [best] = mounts
      .filter(([, place]) => place !== undefined && holds(place))
      .sort((one, other) => (other[1]?.length ?? 0) - (one[1]?.length ?? 0))
    return best?.[2] ?? 'an unknown file system'
  } catch {
    return 'an unknown file system'
  }
}
