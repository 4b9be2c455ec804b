import { text } from '../../connectors/store/quote.ts'
import type { Core } from './core.ts'
import type { DeadLetter } from './service.ts'

/** Dead letters, newest first; bytes that are not UTF-8 are shown as hexadecimal. */
export async function listDeadLetters(
  core: Core,
  options: { stream?: string; consumer?: string; limit?: number },
): Promise<readonly DeadLetter[]> {
  const where = [
    ...(options.stream === undefined ? [] : [`stream = ${text(options.stream)}`]),
    ...(options.consumer === undefined ? [] : [`consumer = ${text(options.consumer)}`]),
    "consumer NOT LIKE '% (building)'",
    // Those of versions that no name points at are told when it does.
    "consumer NOT IN (SELECT format('{}@{}', name, fingerprint) FROM _evert.versions WHERE role <> 'public')",
  ]
  const rows = await core.store.transaction((tx) =>
    tx.all(
      `SELECT consumer, stream, partition, CAST("offset" AS VARCHAR) AS "offset", type, key, reason, hex(value) AS value, strftime("at", '%Y-%m-%dT%H:%M:%S.%fZ') AS "at" FROM _evert.dead_letters WHERE ${where.join(' AND ')} ORDER BY dead_letters."at" DESC, stream, partition, "offset" DESC LIMIT ${Math.trunc(options.limit ?? 100)}`,
    ),
  )
  return rows.map((row) => ({
    ...row,
    partition: Number(row.partition),
    value: readable(String(row.value)),
  })) as unknown as readonly DeadLetter[]
}

function readable(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  const decoded = bytes.toString('utf8')
  return Buffer.from(decoded).equals(bytes) ? decoded : `0x${hex}`
}
