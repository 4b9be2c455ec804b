import type { Store, Transaction } from '../../connectors/store/store.ts'
import { crashPoint, crashWhile } from './crash.ts'
import type { Statement } from './derivation.ts'
import type { Measuring } from './measurements.ts'
import type { Work } from './member.ts'

/**
 * One transaction as one string: DuckDB goes from statement to statement by itself, whatever JavaScript does meanwhile. Steps
 * are told that each statement wrote one row; one that is asked for its count, or has parameters, goes by itself.
 */
export async function asString(
  store: Pick<Store, 'script' | 'transaction'>,
  works: readonly Work[],
  also: () => Promise<readonly Statement[]>,
  measuring: Measuring | undefined,
): Promise<void> {
  const pieces = piecesOf(works)
  const active = new Set<string>()
  let next = pieces.next()
  const told = (piece: Piece): Piece => {
    for (const name of piece.names) active.add(name)
    return piece
  }
  const send = async (): Promise<void> => {
    const first = told(next.value)
    const rest = async () => (await also()).map(({ sql }) => sql)
    if (next.done) {
      const all = [...first.texts, ...(await rest())]
      crashPoint('string-before-send')
      const sent = store.script(all)
      crashWhile('string-under-way')
      return sent
    }
    return store.transaction(async (tx) => {
      while (!next.done) next = pieces.next(await run(tx, told(next.value)))
      const last = [...told(next.value).texts, ...(await rest())].join(';\n')
      if (last !== '') await tx.run(last)
      crashPoint('batch-before-commit')
    })
  }
  if (!measuring) return send()
  await measuring.together(() => [...active], send)
}

/** Statements that go together, and whose they are. */
interface Piece {
  readonly texts: readonly string[]
  readonly names: readonly string[]
  readonly parameters?: Statement['parameters']
}

/** Each piece but the last ends with a statement whose count is wanted: it is to be answered. */
function* piecesOf(works: readonly Work[]): Generator<Piece, Piece, number> {
  let texts: string[] = []
  let names: string[] = []
  for (const { member, answer } of works) {
    const steps = typeof answer.statements === 'function' ? answer.statements() : answer.statements[Symbol.iterator]()
    let next = steps.next(1)
    while (!next.done) {
      const { sql, parameters, asks } = next.value
      names.push(member.derivation.id)
      const isBound = parameters !== undefined && parameters.length > 0
      if (isBound && texts.length > 0) {
        yield { texts, names }
        texts = []
        names = []
      }
      texts.push(sql)
      if (isBound || asks === true) {
        const count = yield { texts, names, parameters }
        texts = []
        names = []
        next = steps.next(count)
      } else next = steps.next(1)
    }
  }
  return { texts, names }
}

/** The one that is to be answered goes by itself: of a string with a SELECT in it, DuckDB's client answers with that. */
async function run(tx: Transaction, { texts, parameters }: Piece): Promise<number> {
  const before = texts.slice(0, -1)
  if (before.length > 0) await tx.run(before.join(';\n'))
  return tx.run(texts.at(-1) ?? '', parameters)
}
