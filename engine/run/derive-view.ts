import { ident, path } from '../../connectors/store/quote.ts'
import type { Parameter } from '../../connectors/store/store.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { relationSchema } from '../compile/relations.ts'
import type { Derivation } from './derivation.ts'

/** A SQL view, kept by its plan. */
export function deriveView(plan: ViewPlan, source: string): Derivation {
  const linear = plan.strategy === 'linear'
  const events = plan.reads.filter((read) => read.relation.kind !== 'view')
  const streams = new Map<string, { needs: ReadonlySet<string> | undefined; placed: boolean }>()
  for (const read of events) {
    const name = read.relation.source
    const before = streams.get(name)
    const needs = plan.needs.get(read.relation.name)
    const union = before ? (before.needs && needs ? new Set([...before.needs, ...needs]) : undefined) : needs
    streams.set(name, { needs: union, placed: read.placed || before?.placed === true })
  }
  return {
    name: plan.name,
    kind: 'sql',
    strategy: plan.strategy,
    reason: plan.reason,
    fingerprint: plan.fingerprint,
    source,
    columns: plan.columns,
    streams: linear ? streams : new Map(),
    reads: linear ? [] : [...new Set(plan.reads.map((read) => read.relation.source))],
    byEvents: linear,
    create: plan.create,
    expose: (table) => [
      `CREATE OR REPLACE VIEW ${path(relationSchema, plan.name)} AS ${plan.read(table)}`,
      `CREATE OR REPLACE VIEW ${path('main', plan.name)} AS ${plan.read(table)}`,
    ],
    conceal: () => [`DROP VIEW IF EXISTS ${path(relationSchema, plan.name)}`, `DROP VIEW IF EXISTS ${path('main', plan.name)}`],
    prepare: async (_batch, table, context) => {
      const parameters: Parameter[] = []
      const deltas = context.deltas(parameters)
      const staged = context.literal ? undefined : ident(`added to ${table}`)
      const sql = plan.maintain(
        table,
        (read) =>
          deltas.from(read.relation.source, {
            needs: plan.needs.get(read.relation.name),
            placed: read.placed,
            ...(read.relation.type === undefined ? {} : { type: read.relation.type }),
          }),
        staged,
      )
      return { statements: sql.map((text, i) => ({ sql: text, ...(i === 0 ? { parameters } : {}) })) }
    },
  }
}
