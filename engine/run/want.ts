import type { Want } from '../../connectors/log/log.ts'
import type { Source } from './batch.ts'
import type { Member } from './member.ts'

/** Which metadata the members need of a source; folds are told key and time of every event. */
export function wantOf(source: Source, members: readonly Member[]): Want {
  const uses = members.filter((member) => member.derivation.streams.has(source.name))
  const named = (name: string) =>
    uses.some(
      ({ derivation }) =>
        derivation.kind === 'fold' ||
        (derivation.streams.get(source.name)?.placed === true && (derivation.streams.get(source.name)?.needs?.has(name) ?? true)),
    )
  return { keys: named('_key') || source.kind === 'table', times: named('_time'), types: true }
}
