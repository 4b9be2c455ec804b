import { readFileSync } from 'node:fs'
import { baselineOf, coldOf, rateOf } from './columns.ts'
import type { Result } from './one-query.ts'

/** Events a second of another system, by query. */
export interface Peer {
  readonly name: string
  readonly rates: Readonly<Record<string, number>>
}

/** Reads `{ "name": { "q0": 570000 } }`. */
export function readPeers(file: string | undefined): Peer[] {
  if (file === undefined) return []
  const found = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Readonly<Record<string, number>>>>
  return Object.entries(found).map(([name, rates]) => ({ name, rates }))
}

/** Geometric mean, least and greatest of the ratios to each peer, to DuckDB alone where it was timed, and to bids without hot ids. */
export function meanLines(results: readonly Result[], peers: readonly Peer[]): string[] {
  const all = [
    { name: 'DuckDB alone, from lines, at once', rateTo: baselineOf },
    { name: 'bids on 100,000 cold ids', rateTo: coldOf },
    ...peers.map((peer) => ({ name: peer.name, rateTo: ({ query }: Result) => peer.rates[query] })),
  ]
  return all.flatMap(({ name, rateTo }) => {
    const ratios = results.flatMap((result) => {
      const theirs = rateTo(result)
      return theirs === undefined ? [] : [{ query: result.query, ratio: rateOf(result) / theirs }]
    })
    if (ratios.length === 0) return []
    ratios.sort((one, other) => one.ratio - other.ratio)
    const mean = Math.exp(ratios.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / ratios.length)
    const told = (one: (typeof ratios)[number] | undefined) => `${one?.ratio.toFixed(2)} (${one?.query})`
    return `to ${name}: geometric mean of ${ratios.length} queries ${mean.toFixed(2)}, least ${told(ratios[0])}, greatest ${told(ratios.at(-1))}`
  })
}
