/**
 * The engine's loop over a random project, in a process that a test kills. Arguments: folder, world, views (JSON), rows up to which they are computed anew. It says where it
 * stands when it has opened and after each batch that it is asked for on standard input: `events path`; `verify view` and `end` are
 * the other questions.
 */
import { createInterface } from 'node:readline'
import type { Told } from './killed-subject.ts'
import type { PlainAnswer } from './plain.ts'
import { worldOf } from './schema.ts'
import { Subject } from './subject.ts'

const [dir = '', world = '', views = '', recomputeRowsMax = '0'] = process.argv.slice(2)
const declared = { ...worldOf(JSON.parse(world)), views: JSON.parse(views) as Record<string, string> }
const subject = await Subject.open(declared, { events: 1_000 }, { dir, recomputeRowsMax: Number(recomputeRowsMax) })

async function tell(events: number): Promise<void> {
  const rows: Record<string, PlainAnswer> = {}
  for (const view of subject.live) if (view in declared.views) rows[view] = await subject.rows(view)
  const position = [...subject.position].map(([topic, offsets]) => [topic, offsets.map(String)] as const)
  const deadLetters = await subject.deadLetters()
  console.log(JSON.stringify({ events, position, failed: [...subject.failed], rows, deadLetters } satisfies Told))
}

await tell(0)
for await (const line of createInterface({ input: process.stdin })) {
  const [what = '', how = ''] = line.split(' ')
  if (what === 'end') break
  if (what === 'verify') console.log(JSON.stringify(await subject.verify(how)))
  else {
    subject.pace({ events: Number(what), literalEventsMax: how === 'constants' ? undefined : 0 })
    await tell(await subject.step())
  }
}
await subject.close()
process.exit(0)
