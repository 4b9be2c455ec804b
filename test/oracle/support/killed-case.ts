import fc from 'fast-check'
import type { Case, Death, Step } from './case.ts'
import { Chooser, tape } from './chooser.ts'
import type { Plain } from './plain.ts'
import { caseOf, tapes } from './random-case.ts'

const perString = ['string-before-send', 'string-under-way', 'string-under-way', 'batch-after-commit'] as const
const perTransaction = ['batch-before-commit', 'batch-after-commit'] as const
const perReplan = ['swap-before-announce', 'swap-after-announce', 'swap-after-commit'] as const
const perBuild = ['build-batch', ...perReplan] as const
/** Each costs the start of a process. */
const killsMax = 3

/** Random projects whose engine is killed several times in its life; each has a view and batches to die in. */
export async function killedCases(seed: number, count: number, plain: Plain): Promise<readonly Case[]> {
  const cases: Case[] = []
  const choices = fc.record({ one: tapes, kills: tape(60) })
  for (let from = seed; cases.length < count; from++)
    for (const { one, kills } of fc.sample(choices, { seed: from, numRuns: count * 2 })) {
      if (cases.length === count) break
      const killed = withKills(await caseOf(one, plain), new Chooser(kills))
      if (killed.views.length > 0 && killed.steps.filter((step) => step.do === 'kill').length > 1) cases.push(killed)
    }
  return cases
}

/** A death before some of the appends, in the batches behind them; and one in the build of the views that join. */
function withKills(one: Case, chooser: Chooser): Case {
  let left = killsMax
  const steps = one.steps.flatMap((step): Step[] => {
    if ((step.do !== 'append' && step.do !== 'join') || left === 0 || chooser.below(4) === 0) return [step]
    left--
    const path = chooser.pick(['constants', 'constants', 'parameters'] as const)
    const batches = { do: 'batches', count: 3 + chooser.below(5), events: chooser.pick([1, 7, 1_000]), path } as const
    if (step.do === 'join') return [{ do: 'kill', at: { place: chooser.pick(perBuild) } }, step, batches]
    return [{ do: 'kill', at: deathOf(chooser, path, step.events.length > batches.events ? 2 : 1) }, step, batches]
  })
  return { ...one, durable: true, steps }
}

/** `batches`: how many there are at least. */
function deathOf(chooser: Chooser, path: 'constants' | 'parameters', batches: number): Death {
  const kind = chooser.below(8)
  if (kind === 0) return { batches: 0, ms: 10 * chooser.below(80) } // while it starts
  if (kind === 1) return { batches: 1 + chooser.below(batches), ms: chooser.below(30) }
  // Where a view is planned anew; else nobody dies there, and the next death is as good.
  if (kind > 5) return { place: chooser.pick(perReplan) }
  return { place: `${chooser.pick(path === 'constants' ? perString : perTransaction)}:${1 + chooser.below(batches)}` }
}
