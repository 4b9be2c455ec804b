import { DuckDBConnection } from '@duckdb/node-api'

/** What one kind of statement took. */
export interface StatementTime {
  readonly sql: string
  readonly count: number
  readonly ms: number
  readonly worstMs: number
}

/** Times of all statements of this process, by their text without its constants. */
export class Statements {
  #times = new Map<string, { count: number; ms: number; worstMs: number }>()

  /** Times every statement that goes through DuckDB's client from here on: BEGIN and COMMIT are such as well. */
  listen(): void {
    const { prototype } = DuckDBConnection
    const { run } = prototype
    const note = (sql: string, ms: number) => this.#note(sql, ms)
    prototype.run = async function (this: DuckDBConnection, ...args: Parameters<typeof run>) {
      const begin = performance.now()
      try {
        return await run.apply(this, args)
      } finally {
        note(args[0], performance.now() - begin)
      }
    }
  }

  /** Forgets what was before the measurement. */
  clear(): void {
    this.#times = new Map()
  }

  /** The dearest first. */
  all(): StatementTime[] {
    return [...this.#times].map(([sql, times]) => ({ sql, ...times })).sort((one, other) => other.ms - one.ms)
  }

  #note(sql: string, ms: number): void {
    const key = normalised(sql)
    const before = this.#times.get(key) ?? { count: 0, ms: 0, worstMs: 0 }
    this.#times.set(key, { count: before.count + 1, ms: before.ms + ms, worstMs: Math.max(before.worstMs, ms) })
  }
}

const lengthMax = 4_000

/** Constants become `?`, and so do lists of them; the place of each parameter is no matter. */
function normalised(sql: string): string {
  return sql
    .slice(0, lengthMax)
    .replaceAll(/'(?:[^']|'')*'/g, '?')
    .replaceAll(/\$\d+/g, '$')
    .replaceAll(/(?<![\w"@])-?\d+(?:\.\d+)?\b/g, '?')
    .replaceAll(/\(\?(?:, ?\?)*\)(?:, ?\(\?(?:, ?\?)*\))*/g, '(?)')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
