/** Checks of the machine: Node, native modules, the data directory. */
import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { formatBytes } from '../terminal/format.ts'
import type { Check } from './check.ts'

const nodeWanted = [20, 19] as const
const freeBytesWanted = 1 << 30

/** The Node that runs this. */
export const nodeVersion: Check = {
  check: 'Node version',
  remedy: `Install Node ${nodeWanted.join('.')} or later.`,
  async look() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    if (major < nodeWanted[0] || (major === nodeWanted[0] && minor < nodeWanted[1]))
      throw new Error(`${process.versions.node}, wanted at least ${nodeWanted.join('.')}`)
    return `${process.versions.node}, ${process.platform} ${process.arch}`
  },
}

/** The packages with compiled parts: these go missing when a lockfile was made on another platform. */
export const nativeModules: Check = {
  check: 'native modules',
  remedy: 'Remove node_modules and install again on this machine, with optional dependencies: npm ci --include=optional',
  async look() {
    const [duckdb] = await Promise.all([import('@duckdb/node-api'), import('lmdb'), import('@node-rs/crc32'), import('esbuild')])
    return `DuckDB ${duckdb.version()}, lmdb, crc32, esbuild`
  },
}

/** The data directory, or the nearest folder above it that is there. */
export function dataDirectory(dataDir: string): Check {
  return {
    check: 'data directory',
    remedy: `Make ${dataDir} writable for this user and free at least ${formatBytes(freeBytesWanted)}, or set dataDir in evert.config.ts (or EVERT_DATA_DIR) to another disk.`,
    async look() {
      const folder = await nearestFolder(dataDir)
      await access(folder, constants.W_OK | constants.X_OK)
      const { bavail, bsize } = await statfs(folder)
      const free = bavail * bsize
      if (free < freeBytesWanted)
        throw new Error(`${formatBytes(free)} free on the disk of ${folder}, wanted at least ${formatBytes(freeBytesWanted)}`)
      return `${dataDir}: writable, ${formatBytes(free)} free`
    },
  }
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined
    throw thrown
  })
  if (found === undefined) return nearestFolder(dirname(path))
  if (found.isDirectory()) return path
  throw new Error(`${path} is a file, wanted a folder`)
}
