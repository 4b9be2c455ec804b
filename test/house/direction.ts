/** Imports run one way (design: cli, demo, serve → replay → run → compile → model); connectors stay behind their interfaces. */
import { importsOf } from './imports.ts'
import { type Finding, isTest, type Rule } from './source-files.ts'

interface Part {
  readonly name: string
  readonly owns: (path: string) => boolean
  /** Names of the parts it may import, besides itself. */
  readonly may: readonly string[]
}

/** Where parts are put together may know everything below. */
const below = ['foundation', 'interface', 'connector', 'model', 'compile', 'run', 'replay']

/** A file belongs to the first part that owns it. */
const parts: readonly Part[] = [
  {
    name: 'test',
    owns: isTest,
    may: ['foundation', 'interface', 'connector', 'model', 'compile', 'run', 'replay', 'serve', 'cli', 'demo', 'index', 'project', 'tool'],
  },
  { name: 'foundation', owns: (path) => path === 'errors.ts' || path === 'limits.ts', may: [] },
  { name: 'index', owns: (path) => path === 'index.ts', may: [...below, 'serve'] },
  { name: 'project', owns: (path) => path === 'evert.config.ts' || inFolder(path, 'pipelines', 'sql'), may: ['index'] },
  // A store takes the log's chunks as they are, so the interfaces know each other; and the declared types, which are plain objects.
  { name: 'interface', owns: (path) => /^connectors\/[^/]+\/[^/]+\.ts$/.test(path), may: ['foundation', 'model'] },
  { name: 'connector', owns: (path) => inFolder(path, 'connectors'), may: ['foundation', 'interface', 'model'] },
  { name: 'model', owns: (path) => inFolder(path, 'engine/model'), may: ['foundation'] },
  { name: 'compile', owns: (path) => inFolder(path, 'engine/compile'), may: ['foundation', 'interface', 'model'] },
  { name: 'run', owns: (path) => inFolder(path, 'engine/run'), may: ['foundation', 'interface', 'model', 'compile'] },
  { name: 'replay', owns: (path) => inFolder(path, 'engine/replay'), may: ['foundation', 'interface', 'model', 'compile', 'run'] },
  { name: 'serve', owns: (path) => inFolder(path, 'engine/serve'), may: below },
  { name: 'cli', owns: (path) => inFolder(path, 'cli'), may: [...below, 'serve', 'index'] },
  { name: 'demo', owns: (path) => inFolder(path, 'demo'), may: [...below, 'serve', 'cli', 'index', 'project'] },
  { name: 'tool', owns: (path) => !path.includes('/') || inFolder(path, 'scripts'), may: ['test'] },
]

/** Every import goes down, a connector knows no other connector, and every TypeScript file belongs to a part. */
export const direction: Rule = (files) => {
  const paths = new Set(files.map((one) => one.path))
  return files
    .filter((one) => one.path.endsWith('.ts'))
    .flatMap((one) => {
      const from = partOf(one.path)
      if (from === undefined) return [{ path: one.path, message: 'belongs to no part: name its folder in test/house/direction.ts' }]
      return importsOf(one, (path) => paths.has(path)).flatMap(({ line, target }) => judge(one.path, from, line, target))
    })
}

function judge(path: string, from: Part, line: number, target: string): Finding[] {
  const to = partOf(target)
  if (to === undefined || (from === to && from.name !== 'connector')) return []
  if (from === to) {
    if (connectorOf(path) === connectorOf(target)) return []
    return [{ path, line, message: `imports ${target}: one connector may not know another` }]
  }
  if (from.may.includes(to.name)) return []
  return [{ path, line, message: `imports ${target}: ${from.name} may not know ${to.name}, only ${from.may.join(', ') || 'nothing'}` }]
}

function partOf(path: string): Part | undefined {
  return parts.find((part) => part.owns(path))
}

/** `connectors/log/embedded/…` → `connectors/log/embedded`. */
function connectorOf(path: string): string {
  return path.split('/').slice(0, 3).join('/')
}

function inFolder(path: string, ...folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`))
}
