/** Random numbers that a seed repeats: the campaigns print theirs, so that a failure can be had again. */

/** How many kills a campaign takes: `few`, or its share of what `npm run test:long` asks for. */
export function roundsOf(few: number, share: number): number {
  const wanted = process.env.EVERT_CRASH_ROUNDS
  return wanted === undefined ? few : Math.max(few, Math.round(Number(wanted) * share))
}

/** `EVERT_CRASH_SEED`, or another one each run. */
export const seed = Number(process.env.EVERT_CRASH_SEED ?? Date.now() % 1_000_000)

export interface Random {
  /** A whole number in [0, below). */
  below(below: number): number
  pick<T>(from: readonly T[]): T
}

/** Mulberry32. */
export function randomOf(start: number): Random {
  let state = start | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { below, pick: (from) => from[below(from.length)] as (typeof from)[number] }
}
