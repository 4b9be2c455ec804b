import { EvertError } from '../../errors.ts'

/** `CREATE [OR REPLACE] MATERIALIZED VIEW name [WITH (key = 'value', …)] AS select`: the only SQL that is not DuckDB's. */
export interface ViewHeader {
  readonly name: string
  readonly options: ReadonlyMap<string, string>
  /** The SELECT's text, and where it begins in the file. */
  readonly select: string
  readonly selectAt: number
}

/** Options that a header may name today. */
const known = new Set(['stores', 'retention', 'event_time', 'plan'])

/** Reads the header of a `sql/views/*.sql` file. Throws `sql-invalid` with file and line. */
export function readHeader(file: string, text: string): ViewHeader {
  let at = 0
  const skip = () => {
    const space = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/.exec(text.slice(at))
    if (space) at += space[0].length
  }
  const fail = (wanted: string): never => {
    const line = text.slice(0, at).split('\n').length
    const found = text.slice(at).split(/\s/)[0] || 'the end of the file'
    throw new EvertError(
      'sql-invalid',
      `${file}:${line}: expected ${wanted}, found ${JSON.stringify(found)}. A view's file reads: CREATE MATERIALIZED VIEW name AS SELECT …`,
      { details: { file, line } },
    )
  }
  const take = (pattern: RegExp, wanted: string): RegExpExecArray => {
    skip()
    const match = new RegExp(`^(?:${pattern.source})`, pattern.flags).exec(text.slice(at))
    if (!match) return fail(wanted)
    at += match[0].length
    return match
  }
  const peek = (pattern: RegExp): boolean => {
    skip()
    return new RegExp(`^(?:${pattern.source})`, pattern.flags).test(text.slice(at))
  }

  take(/CREATE\b/i, 'CREATE MATERIALIZED VIEW')
  if (peek(/OR\b/i)) take(/OR\s+REPLACE\b/i, 'OR REPLACE')
  take(/MATERIALIZED\b/i, 'MATERIALIZED VIEW')
  take(/VIEW\b/i, 'VIEW')
  const name = unquote(take(/"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_]*/, "the view's name")[0])
  if (!/^[A-Za-z][A-Za-z0-9_]{0,99}$/.test(name))
    fail(`a view's name of a letter, then letters, digits and _, at most 100 in all, instead of ${JSON.stringify(name)}`)
  const options = new Map<string, string>()
  if (peek(/WITH\b/i)) {
    take(/WITH\b/i, 'WITH')
    take(/\(/, '( after WITH')
    do {
      const key = take(/[A-Za-z_][A-Za-z0-9_]*/, "an option's name")[0].toLowerCase()
      if (!known.has(key)) fail(`an option that is known (${[...known].join(', ')}) instead of ${key}`)
      take(/=/, `= after ${key}`)
      options.set(
        key,
        take(/'(?:[^']|'')*'/, `a quoted value for ${key}`)[0]
          .slice(1, -1)
          .replaceAll("''", "'"),
      )
    } while (peek(/,/) && take(/,/, ','))
    take(/\)/, ') after the options')
  }
  take(/AS\b/i, 'AS')
  skip()
  const select = text.slice(at).replace(/[\s;]+$/, '')
  if (select === '') fail('a SELECT after AS')
  return { name, options, select, selectAt: at }
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
