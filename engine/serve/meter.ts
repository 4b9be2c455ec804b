import type { Ask, Progress } from './service.ts'

/** Counts what is done and tells whoever asked, at most ten times a second. */
export function meter(
  phase: string,
  unit: Progress['unit'],
  ask: Ask,
  total?: number,
): { add(more: number): void; set(done: number, total: number): void } {
  const begin = performance.now()
  let done = 0
  let told = 0
  const tell = (of: number | undefined) => {
    const now = performance.now()
    if (!ask.onProgress || (now - told < 100 && done !== of)) return
    told = now
    const seconds = (now - begin) / 1000
    ask.onProgress({
      phase,
      done,
      ...(of === undefined ? {} : { total: of }),
      unit,
      perSecond: seconds > 0 ? Math.round(done / seconds) : 0,
    })
  }
  return {
    add: (more) => {
      done += more
      tell(total)
    },
    set: (now, of) => {
      done = now
      tell(of)
    },
  }
}
