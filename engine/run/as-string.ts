import type { Store } from '../../connectors/store/store.ts'
import { crashPoint, crashWhile } from './crash.ts'
import type { Prepared, Statement } from './derivation.ts'
import type { Measuring } from './measurements.ts'
import type { Member } from './member.ts'

/** What a member does for a batch, all of it known before. */
export interface Listed {
  readonly member: Member
  readonly answer: Prepared & { readonly statements: readonly Statement[] }
}

/** One transaction as one string: DuckDB goes from statement to statement by itself, whatever JavaScript does meanwhile. */
export async function asString(
  store: Pick<Store, 'script'>,
  first: readonly Statement[],
  works: readonly Listed[],
  also: readonly Statement[],
  measuring: Measuring | undefined,
): Promise<void> {
  const all = [...first, ...works.flatMap(({ answer }) => answer.statements), ...also].map((statement) => statement.sql)
  const send = () => {
    crashPoint('string-before-send')
    const sent = store.script(all)
    crashWhile('string-under-way')
    return sent
  }
  if (!measuring) return send()
  const active = works.filter(({ answer }) => answer.statements.length > 0).map(({ member }) => member.derivation.name)
  await measuring.together(active, send)
}

/** All statements of a derivation, none of which is told how many rows it wrote. */
export function unasked({ member, answer }: { readonly member: Member; readonly answer: Prepared }): Listed {
  const { statements } = answer
  if (typeof statements !== 'function') return { member, answer: { ...answer, statements } }
  const listed: Statement[] = []
  const steps = statements()
  for (let next = steps.next(); !next.done; next = steps.next(1)) listed.push(next.value)
  return { member, answer: { ...answer, statements: listed } }
}
