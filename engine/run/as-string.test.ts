import { expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store, Transaction } from '../../connectors/store/store.ts'
import { asString } from './as-string.ts'
import type { Statement, Steps } from './derivation.ts'
import type { Work } from './member.ts'

/** A store that writes down what it is sent, and answers with `count`. */
function recorder(count: number) {
  const sent: string[] = []
  const tx: Transaction = {
    run: async (sql, parameters) => {
      sent.push(parameters ? `${sql} [${parameters.length}]` : sql)
      return count
    },
    all: () => Promise.reject(new Error('nothing is read')),
  }
  const store: Pick<Store, 'script' | 'transaction'> = {
    script: async (statements) => void sent.push(`script: ${statements.join('; ')}`),
    transaction: async (work) => {
      sent.push('begin')
      const answer = await work(tx)
      sent.push('commit')
      return answer
    },
  }
  return { sent, store }
}

function work(statements: readonly Statement[] | (() => Steps)): Work {
  return { member: { derivation: { name: 'v' } }, answer: { statements } } as unknown as Work
}

function* steps(): Steps {
  yield { sql: 'a' }
  const late = yield { sql: 'b', asks: true }
  if (late > 0) yield { sql: 'late' }
  const told = yield { sql: 'c' }
  yield { sql: `d after ${told}` }
}

const position = async () => [{ sql: 'position' }]

test('statements go as one string, and those that are not told a count are told 1', async () => {
  const { sent, store } = recorder(0)
  const plain = function* (): Steps {
    const told = yield { sql: 'a' }
    yield { sql: `b after ${told}` }
  }
  await asString(store, [work(plain), work([{ sql: 'c' }])], position, undefined)
  expect(sent).toEqual(['script: a; b after 1; c; position'])
})

test.each([
  [0, ['begin', 'a', 'b', 'c;\nd after 1;\nx;\nposition', 'commit']],
  [7, ['begin', 'a', 'b', 'late;\nc;\nd after 1;\nx;\nposition', 'commit']],
])('a statement that asks goes by itself and is told its count: %s', async (count, wanted) => {
  const { sent, store } = recorder(count)
  await asString(store, [work(steps), work([{ sql: 'x' }])], position, undefined)
  expect(sent).toEqual(wanted)
})

test('a statement with parameters goes by itself', async () => {
  const { sent, store } = recorder(1)
  await asString(store, [work([{ sql: 'a' }, { sql: 'b', parameters: [1, 2] }, { sql: 'c' }])], position, undefined)
  expect(sent).toEqual(['begin', 'a', 'b [2]', 'c;\nposition', 'commit'])
})

test('what a statement is told is its own count, whatever went before it', async () => {
  const store = await openDuckdb(':memory:')
  const told: number[] = []
  const asking = function* (): Steps {
    yield { sql: 'CREATE TEMP TABLE nothing AS SELECT 1 AS x WHERE FALSE' }
    yield { sql: 'SELECT bit_xor(hash(x)) FROM (SELECT 1 AS x)' }
    told.push(yield { sql: 'CREATE TEMP TABLE three AS SELECT * FROM range(3)', asks: true })
    yield { sql: 'SELECT 1' }
    told.push(yield { sql: 'CREATE TEMP TABLE nobody AS SELECT 1 AS x WHERE FALSE', asks: true })
  }
  try {
    await asString(store, [work(asking)], async () => [], undefined)
    expect(told).toEqual([3, 0])
  } finally {
    await store.close()
  }
})
