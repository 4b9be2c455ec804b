import { EvertError } from '../../errors.ts'
import { rowsRead } from '../run/choose-plans.ts'
import { decoding } from '../run/measurements.ts'
import type { Core } from './core.ts'
import { measuredOf } from './explain-cost.ts'
import { type Facts, gatherFacts } from './explain-facts.ts'
import { historyNotes } from './explain-histories.ts'
import { recomputeNotes } from './explain-recompute.ts'
import { planTree } from './explain-tree.ts'
import type { Explanation, PlanNode, ViewInfo } from './service.ts'
import { viewInfos } from './views.ts'

/** How one view is kept up to date, why so, and at what cost. Throws `view-unknown`. */
export async function explainView(core: Core, view: string): Promise<Explanation> {
  const reader = await core.store.reader()
  try {
    const facts = await gatherFacts(core, reader)
    const infos = await viewInfos(core, reader, facts)
    const info = infos.find((candidate) => candidate.name.toLowerCase() === view.toLowerCase())
    if (!info)
      throw new EvertError('view-unknown', `There is no view named ${view}. Known: ${infos.map((candidate) => candidate.name).join(', ')}.`)
    const { definitions } = core
    const derivation = definitions.derivations.find(({ name, kind }) => name === info.name && kind !== 'part')
    const id = derivation?.id ?? info.name
    const plan = definitions.plans.get(id)
    const rows = plan ? await rowsRead(reader, plan, facts.versions) : 0
    return explanation(core, facts, { info, id, rows })
  } finally {
    await reader.close()
  }
}

interface Explained {
  readonly info: ViewInfo
  readonly id: string
  /** See `rowsRead`. */
  readonly rows: number
}

function explanation({ definitions, loop }: Core, facts: Facts, { info, id, rows }: Explained): Explanation {
  const plan = definitions.plans.get(id)
  const fold = definitions.folds.get(id)
  const source = definitions.sources.get(id)
  const tree = plan ? planTree(plan, facts) : withoutSql(info, id, facts)
  const notes = [
    ...(plan && plan.history.length > 0 ? [`needs the whole history of ${plan.history.join(', ')} in DuckDB`] : []),
    ...(plan ? [...historyNotes(plan, facts), ...recomputeNotes(plan, facts.inParts.get(plan.id) ?? plan, rows)] : []),
    ...(plan?.floats
      ? ['it shows floating-point columns: sums and variances of DOUBLE are not bit-exact, verify compares them within 1e-9']
      : []),
    ...(fold
      ? [`for each event of ${fold.from.name} (${Object.keys(fold.on).join(', ')}), in the log's order: state := handler(state, event)`]
      : []),
  ]
  const advice = tree.advice ?? plan?.advice
  return {
    ...info,
    file: plan?.file ?? fold?.origin.file ?? source?.origin.file ?? '',
    ...(plan ? { sql: plan.select } : {}),
    plan: fold ? { ...tree, inputs: [{ kind: 'stream', name: fold.from.name, what: 'the events of the batch', inputs: [] }] } : tree,
    notes,
    decoding: loop?.measurements.of(decoding) ?? [],
    ...(advice === undefined ? {} : { advice }),
  }
}

/** A fold, a table or a stream: kept by one step, and nothing below it. */
function withoutSql(info: ViewInfo, id: string, facts: Facts): PlanNode {
  const measured = measuredOf(facts.batchesOf(id))
  const what = {
    fold: 'a row for each key, by its handlers',
    table: 'the last value of each key replaces the row, a null value deletes it',
    stream: 'the events of a batch are inserted with their place',
    sql: '',
  }[info.kind]
  return {
    kind: info.kind === 'stream' ? 'history' : info.kind === 'table' ? 'table' : 'fold',
    name: info.name,
    what,
    strategy: info.strategy,
    reason: info.reason,
    growth: info.growth,
    ...(facts.sizeOf(id) ?? {}),
    estimate: { of: 'batch', text: info.kind === 'stream' ? 'the batch' : 'the keys of the batch' },
    ...(measured === undefined ? {} : { measured }),
    inputs: [],
  }
}
