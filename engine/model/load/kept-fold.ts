import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EvertError } from '../../../errors.ts'
import { declarationKind } from '../declare/brand.ts'
import type { FoldModel } from '../types.ts'
import { type Code, codeFingerprint } from './code-fingerprints.ts'
import { createImporter } from './importer.ts'

/** A fold loaded from the code that was kept of it, and the fingerprint of that code with the packages as they are now. */
export interface KeptFold {
  readonly fold: FoldModel
  readonly codeFingerprint: string
}

/**
 * Loads a fold of a name from kept code, in a folder from which the project's packages are found. Undefined where that cannot be done any
 * more: a package is gone, or Evert takes the declaration for wrong by now.
 */
export async function loadKeptFold(root: string, folder: string, name: string, code: Code): Promise<KeptFold | undefined> {
  const importer = createImporter(root)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, code.text)
  try {
    const exported = Object.values(await importer.importAll(file))
    const fold = exported.find((one) => declarationKind(one) === 'fold' && (one as FoldModel).name === name)
    return fold === undefined ? undefined : { fold: fold as FoldModel, codeFingerprint: codeFingerprint(name, code, folder) }
  } catch (error) {
    if (error instanceof EvertError) return undefined
    throw error
  } finally {
    importer.forget()
    rmSync(folder, { recursive: true, force: true })
  }
}
