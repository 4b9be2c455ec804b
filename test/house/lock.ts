/**
 * package-lock.json names every package for every platform, or `npm ci` refuses it. npm leaves out those that it could not
 * look up when it wrote the file (a registry that holds one platform only), and says nothing.
 */
import type { Finding } from './source-files.ts'

export interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

interface Missing {
  readonly name: string
  readonly version: string
  readonly parent: string
  readonly dev: boolean
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32']

/** The packages that a locked package may bring on some platform and that the lock does not name. */
export function incomplete(lock: Lock): Finding[] {
  return missing(lock).map(({ name, version, parent }) => ({
    path: 'package-lock.json',
    message: `${parent} may bring ${name}@${version}, which is not locked: npx jiti test/house/complete-lock.ts`,
  }))
}

/**
 * The lock with its missing packages: version from the parent, platform from the name, as native packages are named. Without
 * a checksum, which the next installation on that platform adds.
 */
export function complete(lock: Lock): Lock {
  const added = missing(lock).map(
    ({ name, version, dev }) => [`node_modules/${name}`, { version, ...platform(name), ...(dev ? { dev } : {}), optional: true }] as const,
  )
  const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(added) })
  return { ...lock, packages: Object.fromEntries(packages.sort(([one], [other]) => one.localeCompare(other, 'en'))) }
}

function missing(lock: Lock): Missing[] {
  return Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !placesOf(name, parent).some((place) => place in lock.packages))
      .map(([name, version]) => ({ name, version, parent, dev })),
  )
}

/** Where a package finds another: beside its own dependencies, then one folder up, to the root. */
function placesOf(name: string, parent: string): string[] {
  const up = parent.lastIndexOf('/node_modules/')
  const further = parent === '' ? [] : placesOf(name, up < 0 ? '' : parent.slice(0, up))
  return [`${parent === '' ? '' : `${parent}/`}node_modules/${name}`, ...further]
}

function platform(name: string): Record<string, string[]> {
  const words = (name.split('/').at(-1) ?? '').split('-')
  const system = systems.find((one) => words.includes(one))
  const processor = processors.find((one) => words.includes(one))
  const library = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined
  return {
    ...(processor === undefined ? {} : { cpu: [processor] }),
    ...(system === 'linux' && library !== undefined ? { libc: [library] } : {}),
    ...(system === undefined ? {} : { os: [system] }),
  }
}
