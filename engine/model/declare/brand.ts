/** Marks a declaration. A registered symbol, so that two copies of the package (the project's and the command's) agree. */
const BRAND = Symbol.for('evert.declaration')

export type DeclarationKind = 'stream' | 'table' | 'fold' | 'processor'

/** Adds the mark, unseen by spreads and JSON, and freezes. */
export function branded<Model extends { readonly kind: DeclarationKind }>(model: Model): Model {
  return Object.freeze(Object.defineProperty(model, BRAND, { value: model.kind }))
}

/** The kind of a declaration; undefined for any other value. */
export function declarationKind(value: unknown): DeclarationKind | undefined {
  return typeof value === 'object' && value !== null ? (value as { [BRAND]?: DeclarationKind })[BRAND] : undefined
}
