import type { Core } from './core.ts'
import { gatherFacts } from './explain-facts.ts'
import { boundWarnings, costWarnings } from './explain-warnings.ts'

/**
 * Says in the log what the views cost: of new ones what would surprise later, a state without bound included; of all that one is
 * computed anew over many rows, since they may have become many after it was declared.
 */
export async function tellCosts(core: Core, isNew: (id: string) => boolean): Promise<void> {
  const reader = await core.store.reader()
  try {
    const facts = await gatherFacts(core, reader)
    for (const plan of facts.plans.values()) {
      for (const warning of costWarnings(plan, facts)) core.logger.warn({ view: plan.name }, warning)
      if (isNew(plan.id))
        for (const warning of boundWarnings(facts.inParts.get(plan.id) ?? plan, facts)) core.logger.info({ view: plan.name }, warning)
    }
  } finally {
    await reader.close()
  }
}
