import { text } from '../../connectors/store/quote.ts'
import type { Transaction } from '../../connectors/store/store.ts'
import type { Source } from './batch.ts'
import { buildingConsumer } from './dead-letters.ts'
import { readMeta, writeMeta } from './registry.ts'

/**
 * By which schema a stream was decoded: its dead letters and counts are true of that schema only. A changed schema makes every
 * view over the stream a changed one; the first replay reads the stream by the new schema and brings both with it.
 */
function schemaKey(source: Source): string {
  return `schema ${source.name}`
}

/** Remembers the schemas of streams that are decoded for the first time, or that no view reads. */
export function rememberSchemas(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => writeMeta(schemaKey(source), source.fingerprint))
}

/** Streams that were decoded by another schema than their present one, and those that were not decoded yet. */
export async function decodedSchemas(
  tx: Transaction,
  sources: readonly Source[],
): Promise<{ changed: ReadonlySet<string>; unknown: ReadonlySet<string> }> {
  const changed = new Set<string>()
  const unknown = new Set<string>()
  for (const source of sources) {
    const known = await readMeta(tx, schemaKey(source))
    if (known === undefined) unknown.add(source.name)
    else if (known !== source.fingerprint) changed.add(source.name)
  }
  return { changed, unknown }
}

/** Statements of the swap: the dead letters and counts that a build found replace those of the earlier schema. */
export function adoptDecoding(source: Source): string[] {
  const stream = text(source.name)
  const found = text(buildingConsumer('views'))
  const count = (name: string) => `coalesce((SELECT ${name} FROM _evert.counts WHERE consumer = ${found} AND stream = ${stream}), 0)`
  return [
    `DELETE FROM _evert.dead_letters WHERE consumer = 'views' AND stream = ${stream}`,
    `UPDATE _evert.dead_letters SET consumer = 'views' WHERE consumer = ${found} AND stream = ${stream}`,
    // Counts are kept per partition and shown per stream: the first partition carries them.
    `UPDATE _evert.positions SET dead = 0, skipped = 0 WHERE topic = ${text(source.topic)}`,
    `UPDATE _evert.positions SET dead = ${count('dead')}, skipped = ${count('skipped')} WHERE topic = ${text(source.topic)} AND partition = 0`,
    `DELETE FROM _evert.counts WHERE consumer = ${found} AND stream = ${stream}`,
    ...rememberSchemas([source]),
  ]
}

/** Statements that take away what an unfinished build found. */
export function forgetDecoding(): string[] {
  const found = text(buildingConsumer('views'))
  return [`DELETE FROM _evert.dead_letters WHERE consumer = ${found}`, `DELETE FROM _evert.counts WHERE consumer = ${found}`]
}
