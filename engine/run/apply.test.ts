import { expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import { applyBatch } from './apply.ts'
import type { Batch } from './batch.ts'
import type { Derivation } from './derivation.ts'
import { type Member, ViewFailed } from './member.ts'

const nothing: Batch = { chunks: new Map(), events: 0, bytes: 0, to: new Map() }

/** A view of no events that runs one statement. */
function member(statement: string): Member {
  const derivation: Derivation = {
    id: 'broken',
    name: 'broken',
    kind: 'sql',
    strategy: 'full',
    reason: '',
    fingerprint: '',
    source: '',
    columns: [],
    streams: new Map(),
    reads: [],
    byEvents: true,
    create: () => [],
    expose: () => [],
    conceal: () => [],
    publish: () => [],
    unpublish: () => [],
    prepare: async () => ({ statements: [{ sql: statement }] }),
  }
  return { derivation, table: '"_state"."broken@1"' }
}

test.each([
  [
    "SELECT bit_xor(hash(q)) FROM (SELECT CAST(s AS INTEGER) FROM (VALUES ('a')) AS t(s)) AS q",
    /^Conversion Error: Could not convert string 'a' to INT32.*$/,
  ],
  ["SELECT error(concat('first', chr(10), 'second'))", /^Invalid Input Error: first\nsecond$/],
])('a view that raises is named with DuckDB’s own words, without the statement: %s', async (statement, message) => {
  const store = await openDuckdb(':memory:', { threads: 1 })
  try {
    const broken = member(statement)
    const failed = await applyBatch(store, nothing, {
      sources: new Map(),
      members: [broken],
      also: () => [],
      at: 1n,
      fresh: new Set(['broken']),
    }).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(ViewFailed)
    expect((failed as ViewFailed).member).toBe(broken)
    expect((failed as ViewFailed).message).toMatch(message)
  } finally {
    await store.close()
  }
})
