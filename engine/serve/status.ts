import { positionSum } from '../run/batch.ts'
import { readPosition, readVersions } from '../run/registry.ts'
import type { Core } from './core.ts'
import { endsOf, lag, positionJson } from './position.ts'
import type { ConsumerCounts, StatusInfo } from './service.ts'

/** Where the engine stands: positions, lag, counts per consumer (read = applied + dead + skipped), what failed. */
export async function statusOf(core: Core): Promise<StatusInfo> {
  const reader = await core.store.reader()
  try {
    const { position } = await readPosition(reader)
    const versions = await readVersions(reader)
    const [commit] = await reader.all(`SELECT strftime(max(committed_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS committed FROM _evert.positions`)
    const ends = await endsOf(core)
    return {
      running: core.loop !== undefined,
      pid: core.loop === undefined ? null : process.pid,
      project: core.project.config.root,
      dataDir: core.project.config.dataDir,
      log: { id: core.log.id, kind: core.project.config.log },
      position: positionJson(core, position),
      ends: positionJson(core, ends),
      lagEvents: lag(position, ends),
      positionSum: String(positionSum(position)),
      committedAt: commit?.committed == null ? null : String(commit.committed),
      consumers: await counts(core, (sql) => reader.all(sql)),
      failedViews: versions.filter((row) => row.state === 'failed').map((row) => ({ view: row.name, error: row.error ?? '' })),
      ...(core.halted === undefined ? {} : { halted: core.halted }),
      processors: core.processors.map((processor) => {
        const end = ends.get(processor.topic) ?? []
        return {
          name: processor.name,
          position: processor.position.map(String),
          lagEvents: Number(end.reduce((sum, offset, partition) => sum + offset - (processor.position[partition] ?? 0n), 0n)),
        }
      }),
      replays: [...core.builds].map((build) => ({ view: build.views.join(', '), ...build.progress })),
    }
  } finally {
    await reader.close()
  }
}

/** SQL views share the decoding of a stream, the consumer `views`; a fold reads what was decoded well; processors count for themselves. */
async function counts(core: Core, all: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>): Promise<ConsumerCounts[]> {
  const byTopic = new Map(
    (
      await all(
        'SELECT topic, CAST(sum(events) AS BIGINT) AS events, CAST(sum(dead) AS BIGINT) AS dead, CAST(sum(skipped) AS BIGINT) AS skipped FROM _evert.positions GROUP BY topic',
      )
    ).map((row) => [String(row.topic), row]),
  )
  const own = await all(
    `SELECT consumer, stream, "read", applied, dead, skipped FROM _evert.counts WHERE consumer NOT IN (SELECT format('{}@{}', name, fingerprint) FROM _evert.versions WHERE role <> 'public') ORDER BY ALL`,
  )
  const answer: ConsumerCounts[] = []
  const big = (value: unknown) => BigInt((value ?? 0) as bigint)
  for (const source of core.definitions.sources.values()) {
    const row = byTopic.get(source.topic)
    const read = big(row?.events)
    const [dead, skipped] = [big(row?.dead), big(row?.skipped)]
    answer.push({
      consumer: 'views',
      stream: source.name,
      read: String(read),
      applied: String(read - dead - skipped),
      dead: String(dead),
      skipped: String(skipped),
    })
    for (const fold of core.definitions.folds.values()) {
      if (fold.from.name !== source.name) continue
      const rejected = own.find((candidate) => candidate.consumer === fold.name)
      const good = read - dead - skipped
      const [foldDead, foldSkipped] = [big(rejected?.dead), big(rejected?.skipped)]
      answer.push({
        consumer: fold.name,
        stream: source.name,
        read: String(good),
        applied: String(good - foldDead - foldSkipped),
        dead: String(foldDead),
        skipped: String(foldSkipped),
      })
    }
  }
  const folds = new Set([...core.definitions.folds.values()].map((fold) => fold.name))
  for (const row of own) {
    if (folds.has(String(row.consumer)) || String(row.consumer).endsWith(' (building)')) continue
    answer.push({
      consumer: String(row.consumer),
      stream: String(row.stream),
      read: String(row.read),
      applied: String(row.applied),
      dead: String(row.dead),
      skipped: String(row.skipped),
    })
  }
  return answer
}
