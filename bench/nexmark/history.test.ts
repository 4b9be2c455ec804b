import { beforeAll, expect, test } from 'vitest'
import type { ViewPlan } from '../../engine/compile/plan.ts'
import { redefine } from '../../engine/serve/core.ts'
import { historyOf } from './history.ts'
import { nexmarkProject } from './project.ts'

let plans: readonly ViewPlan[]
beforeAll(async () => {
  plans = [...(await redefine(await nexmarkProject())).plans.values()]
})

/** The history of a query, with the relations' names and columns alone left of it. */
function history(query: string): readonly string[] {
  const plan = plans.find(({ name }) => name === query)
  if (!plan) throw new Error(`no plan of ${query}`)
  return historyOf(plan).map((select) => {
    const names = [...select.matchAll(/"(\w+)" AS "#/g)].map(([, name]) => name)
    const relation = /"nexmark\.(\w+)\+?"/.exec(select)?.[1]
    const where = /WHERE (.*)/.exec(select)?.[1]
    return `${select.startsWith('SELECT DISTINCT') ? 'distinct ' : ''}${relation}: ${names.join(' ')}${where === undefined ? '' : ` where ${where.replaceAll(/[()]/g, '')}`}`
  })
}

test.each(['q0', 'q1', 'q2', 'q12', 'q14', 'q17', 'q18', 'q19', 'q21', 'q22'])('%s goes on from its own rows', (query) => {
  expect(history(query)).toEqual([])
})

test('a join needs the columns that are read of both sides, of the events that pass', () => {
  expect(history('q3')).toEqual([
    'Auction: id seller category where "#9" = 10',
    `Person: id name city state where "#16" IN 'OR', 'ID', 'CA'`,
  ])
  expect(history('q4')).toEqual(['Auction: id dateTime expires category', 'Bid: auction price dateTime'])
  expect(history('q9').map((one) => one.split(':')[0])).toEqual(['Auction', 'Bid'])
})

test('events that are read twice are needed once', () => {
  expect(history('q7')).toEqual(['Bid: auction bidder price dateTime extra'])
})

test('windows and what counts before a join need the events below', () => {
  expect(history('q11')).toEqual(['Bid: bidder dateTime'])
  expect(history('q5')).toEqual(['Bid: auction dateTime'])
})

test('counts of DISTINCT values need the values, once in each group, whatever their filters', () => {
  expect(history('q15')).toHaveLength(2)
  expect(history('q16')).toHaveLength(2)
  for (const one of [...history('q15'), ...history('q16')]) expect(one).toMatch(/^distinct Bid: /)
})
