/** A schema that cannot be stored in columns: where in it, what, and what to do instead. Declarations turn it into `declaration-invalid`. */
export class SchemaRefusal extends Error {
  override readonly name = 'SchemaRefusal'
  readonly path: readonly string[]
  readonly what: string
  readonly remedy: string

  constructor(what: string, remedy: string, path: readonly string[] = []) {
    super(`${what}${path.length === 0 ? '' : ` at ${path.join('.')}`} has no column type. ${remedy}`)
    this.what = what
    this.remedy = remedy
    this.path = path
  }

  /** The same refusal, seen from one level up; anything else that was thrown stays as it is. */
  static below(name: string, thrown: unknown): unknown {
    return thrown instanceof SchemaRefusal ? new SchemaRefusal(thrown.what, thrown.remedy, [name, ...thrown.path]) : thrown
  }
}
