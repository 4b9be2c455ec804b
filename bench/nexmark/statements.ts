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
    const timed = async (connection: DuckDBConnection, args: Parameters<typeof run>) => {
      const begin = performance.now()
      try {
        return await run.apply(connection, args)
      } finally {
        note(args[0], performance.now() - begin)
      }
    }
    const { prepare } = prototype
    prototype.prepare = async function (this: DuckDBConnection, sql: string) {
      const begin = performance.now()
      const prepared = await prepare.call(this, sql)
      const execute = prepared.run.bind(prepared)
      prepared.run = async () => {
        try {
          return await execute()
        } finally {
          note(sql, performance.now() - begin)
        }
      }
      return prepared
    }
    prototype.run = async function (this: DuckDBConnection, ...args: Parameters<typeof run>) {
      // A small batch is one string of statements: each by itself tells more, and costs a little more. No event here holds the joint.
      const parts = args[0].startsWith(`BEGIN TRANSACTION${joint}`) ? args[0].split(joint) : [args[0]]
      for (const part of parts.slice(0, -1)) await timed(this, [part])
      return timed(this, [parts.at(-1) ?? '', ...args.slice(1)] as Parameters<typeof run>)
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

const joint = ';\n'
const lengthMax = 4_000

/** Constants become `?`, and so do rows of them, however many; the place of each parameter is no matter. */
function normalised(sql: string): string {
  return sql
    .replaceAll(/'(?:[^']|'')*'/g, '?')
    .replaceAll(/\$\d+/g, '$')
    .replaceAll(/(?<![\w"@])-?\d+(?:\.\d+)?\b/g, '?')
    .replaceAll(/\(\?(?:, ?\?)*\)(?:, ?\(\?(?:, ?\?)*\))*/g, '(?)')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, lengthMax)
}
