/** The part of the Standard Schema interface (standardschema.dev, version 1) that is used here. zod, valibot and arktype have it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export interface StandardResult {
  readonly issues?:
    | readonly { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }[]
    | undefined
}

/**
 * How a payload or a state is declared: a zod 4 schema of an object, or any Standard Schema beside the columns that it is
 * stored in, as `{ sku: 'VARCHAR NOT NULL', qty: 'BIGINT NOT NULL', note: 'VARCHAR' }`.
 */
export type SchemaInput<Input = unknown, Output = Input> =
  | StandardSchema<Input, Output>
  | { readonly schema: StandardSchema<Input, Output>; readonly columns: Readonly<Record<string, string>> }

/** What handlers see. */
export type OutputOf<S> = S extends { readonly schema: infer Inner }
  ? OutputOf<Inner>
  : S extends StandardSchema<infer _Input, infer Output>
    ? Output
    : never

/** What `append` takes: the same but for a few exact types that accept more (a decimal as a number). */
export type InputOf<S> = S extends { readonly schema: infer Inner }
  ? InputOf<Inner>
  : S extends StandardSchema<infer Input, infer _Output>
    ? Input
    : never
