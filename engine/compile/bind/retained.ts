import type { Op, RetainBound, Scan } from '../algebra/op.ts'
import type { Binder } from './binder.ts'

/** What is seen of a stream: its events within its retention, where it has one. */
export function retained(binder: Binder, scan: Scan): Op {
  const { relation } = scan.read
  const { retention = [], whole = relation } = relation
  if (retention.length === 0) return scan
  const bounds = retention.map(({ by: name, period }): RetainBound => {
    const by = scan.columns[scan.names.indexOf(name)]
    if (!by) throw new Error(`No column ${name} in ${relation.name}`)
    return { by, time: binder.fresh(by.type, false), name, period }
  })
  const times: Scan = {
    kind: 'scan',
    read: { relation: whole, placed: false },
    columns: bounds.map((bound) => bound.time),
    names: retention.map((one) => one.by),
  }
  return { kind: 'retain', input: scan, times, bounds, columns: scan.columns }
}
