import type { Transaction } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import type { Analyzer } from '../compile/analyzer.ts'
import { withoutLocations } from '../compile/ast.ts'
import { parseView } from '../compile/compile.ts'
import type { Definitions } from '../run/assemble.ts'
import type { Derivation } from '../run/derivation.ts'
import { readTexts } from '../run/registry.ts'

/** Texts are compared as trees: formatting and comments change nothing. */
export async function textComparison(
  analyzer: Analyzer,
  reader: Transaction,
  { derivations }: Definitions,
): Promise<(before: { readonly table: string }, after: Derivation) => boolean> {
  const texts = await readTexts(reader)
  const normal = async (text: string): Promise<string> => {
    try {
      const { name, options, node } = await parseView(analyzer, '', text)
      return JSON.stringify([name.toLowerCase(), [...options].sort(), await analyzer.print(withoutLocations(node))])
    } catch (error) {
      if (error instanceof EvertError) return text // an earlier release may have known what this one does not
      throw error
    }
  }
  const normals = new Map<string, string>()
  const all = [
    ...[...texts.values()].map(({ source }) => source),
    ...derivations.filter(({ kind }) => kind === 'sql').map(({ source }) => source),
  ]
  for (const text of new Set(all)) normals.set(text, await normal(text))
  return ({ table }, { kind, source }) => {
    const before = texts.get(table)?.source ?? ''
    return before === source || (kind === 'sql' && normals.get(before) === normals.get(source))
  }
}
