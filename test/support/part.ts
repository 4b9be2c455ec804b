import { ident } from '../../connectors/store/quote.ts'
import { inputOf } from '../../engine/compile/algebra/feed.ts'
import type { Part } from '../../engine/compile/algebra/part.ts'
import type { Names } from '../../engine/compile/rules/rule.ts'

/** A part over streams, kept in the table `name`, outside of any loop. */
export function partIn(part: Part, name: string): { create: string[]; rows: string; batch(events: string): string[] } {
  const names: Names = { table: name, side: (side) => ident(`${name} ${side}`) }
  return {
    create: [`DROP TABLE IF EXISTS ${name}`, ...part.rule.create(names)],
    rows: `SELECT ${part.op.columns.map((column, i) => `${ident(column.id)} AS ${ident(part.names[i] ?? '')}`).join(', ')} FROM (${part.rule.rows(names)})`,
    /** Its statements for a batch; `events`: the FROM item that all of its scans read. */
    batch: (events) => {
      const fed = {
        delta: () => events,
        isStreamChanged: () => true,
        isChanged: () => false,
        isAdded: () => false,
        change: () => '',
        isFirst: false,
        at: 1n,
      }
      const steps = part.rule.maintain({
        ...names,
        inputs: part.feeds.map((feed) => inputOf(feed, fed)),
        temp: (temp) => `temp.${ident(temp)}`,
        handsOn: false,
        change: 'temp.change',
        at: 1n,
        isFirst: false,
        isSmall: false,
      })
      const statements: string[] = []
      for (let next = steps.next(); !next.done; next = steps.next(1)) statements.push(next.value)
      return statements
    },
  }
}
