import { EvertError } from '../../errors.ts'
import type { Core } from './core.ts'
import type { Explanation } from './service.ts'
import { listViews } from './views.ts'

/** How one view is kept up to date, and why so. Throws `view-unknown`. */
export async function explainView(core: Core, view: string): Promise<Explanation> {
  const infos = await listViews(core)
  const info = infos.find((candidate) => candidate.name.toLowerCase() === view.toLowerCase())
  if (!info)
    throw new EvertError('view-unknown', `There is no view named ${view}. Known: ${infos.map((candidate) => candidate.name).join(', ')}.`)
  const { definitions } = core
  const plan = definitions.plans.get(info.name)
  const fold = definitions.folds.get(info.name)
  const source = definitions.sources.get(info.name)
  const steps = plan
    ? [
        ...[...plan.parts, plan.root].map((part) => `${part.name}: ${part.rule.strategy}: ${part.rule.reason}; keeps ${part.rule.state}`),
        ...(plan.history.length > 0 ? [`needs the whole history of ${plan.history.join(', ')} in DuckDB`] : []),
        ...(plan.floats
          ? ['it shows floating-point columns: sums and variances of DOUBLE are not bit-exact, verify compares them within 1e-9']
          : []),
      ]
    : fold
      ? [
          `for each event of ${fold.from.name} (${Object.keys(fold.on).join(', ')}), in the log's order: state := handler(state, event)`,
          `one row per ${fold.key}`,
        ]
      : source?.kind === 'table'
        ? ['a batch: the last value of each key replaces the row; a null value deletes it']
        : ['a batch: its events are inserted with their place']
  return {
    ...info,
    file: plan?.file ?? fold?.origin.file ?? source?.origin.file ?? '',
    ...(plan ? { sql: plan.select } : {}),
    plan: steps,
    ...(plan?.advice === undefined ? {} : { advice: plan.advice }),
  }
}
