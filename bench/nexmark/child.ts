import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const alive = new Set<ChildProcess>()

/** Ends the processes that were begun here and have not ended. */
export function killChildren(): void {
  for (const child of alive) child.kill('SIGKILL')
}

export interface Watch<Line> {
  readonly onLine: (line: Line) => void
  /** Called often with the anonymous memory of the process, in bytes, where the system tells it. */
  readonly onMemory?: (bytes: number) => void
}

const sampleMs = 20

/** Runs a compiled file of this folder with a task; resolves when it has ended well. */
export async function runChild<Line>(file: string, task: unknown, { onLine, onMemory }: Watch<Line>): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve(`./${file}.js`)), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  alive.add(child)
  let said = ''
  child.stderr.on('data', (data) => {
    said = `${said}${data}`.slice(-4_000)
  })
  const sampler = onMemory && setInterval(() => onMemory(anonymousBytes(child.pid ?? 0)), sampleMs)
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => onLine(JSON.parse(line) as Line))
  const closed = once(lines, 'close')
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    await closed
    if (code !== 0) throw new Error(/^(?:\w*Error: )(.*)$/m.exec(said)?.[1] ?? `${file} ended with ${signal ?? code}. ${said.trim()}`)
  } finally {
    clearInterval(sampler)
    alive.delete(child)
  }
}

/** Without the pages of mapped files: the log in a memory file system is mapped, and would count as shared memory. */
function anonymousBytes(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0 // it has just ended, or there is no /proc
  }
}
