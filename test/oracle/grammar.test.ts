import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { forms } from './support/grammar/select.ts'
import { Plain } from './support/plain.ts'
import { caseOf, tapes } from './support/random-case.ts'

const plain = await Plain.open([])
afterAll(() => plain.close())

/** A text that DuckDB refuses is passed over in silence, so a form that is always wrong would be a form that is never tried. */
test('DuckDB takes most texts of every form', async () => {
  const tried = new Map<string, { taken: number; of: number }>()
  for (const choices of fc.sample(tapes, { seed: 7, numRuns: 800 }))
    await caseOf({ ...choices, steps: [] }, plain, (names, taken) => {
      for (const name of names) {
        const count = tried.get(name) ?? { taken: 0, of: 0 }
        tried.set(name, { taken: count.taken + (taken ? 1 : 0), of: count.of + 1 })
      }
    })
  for (const { name } of forms.flat()) {
    const { taken, of } = tried.get(name) ?? { taken: 0, of: 0 }
    expect(of, `${name} is made`).toBeGreaterThan(2)
    expect(taken / of, `${name}: ${taken} of ${of} are taken`).toBeGreaterThan(0.6)
  }
})
