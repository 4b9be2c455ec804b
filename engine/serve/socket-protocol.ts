/**
 * What goes over the socket of a running engine: one POST a call, its arguments as JSON; the answer is a stream of lines
 * of JSON that ends with `answer` or `error`. A stream without that last line was cut off, however whole it looks.
 */
import { z } from 'zod'
import type { EvertError } from '../../errors.ts'
import type { Progress } from './service.ts'

/** Raised when a line or a call changes its meaning: a client and an engine of two releases then say so, and do not misread each other. */
export const PROTOCOL = 2

/** A call's arguments, all of them: SQL of a megabyte is a mistake. */
export const callBytesMax = 1 << 20

/** A line of rows is closed beyond this, so that neither side ever holds a large answer. */
export const lineBytesMax = 256 << 10

const name = z.string().min(1).max(1_000)
const count = z.int().nonnegative()

/** Every call with its arguments; whatever else is sent is refused before the service hears of it. */
export const callSchema = z.discriminatedUnion('call', [
  z.strictObject({ call: z.literal('hello') }),
  z.strictObject({ call: z.literal('status') }),
  z.strictObject({ call: z.literal('views') }),
  z.strictObject({ call: z.literal('explain'), view: name }),
  z.strictObject({ call: z.literal('query'), sql: z.string().min(1), rowsMax: count.optional(), timeoutMs: count.optional() }),
  z.strictObject({ call: z.literal('plan') }),
  z.strictObject({ call: z.literal('apply'), promote: z.boolean().optional(), differMax: z.number().min(0).max(1).optional() }),
  z.strictObject({ call: z.literal('replay'), view: name }),
  z.strictObject({ call: z.literal('versions'), view: name.optional() }),
  z.strictObject({ call: z.literal('promote'), views: z.array(name).max(10_000).optional() }),
  z.strictObject({ call: z.literal('rollback'), views: z.array(name).max(10_000).optional() }),
  z.strictObject({ call: z.literal('discard'), versions: z.array(name).max(10_000).optional() }),
  z.strictObject({ call: z.literal('verify'), views: z.array(name).max(10_000).optional() }),
  z.strictObject({ call: z.literal('deadLetters'), stream: name.optional(), consumer: name.optional(), limit: count.optional() }),
])

export type Call = z.infer<typeof callSchema>

/** One line of an answer. `head` opens a query's answer, `rows` and `item` carry the parts of a long one; `parts` counts them, so that none is missed. */
export type Line =
  | { readonly progress: Progress }
  | { readonly head: unknown }
  | { readonly rows: readonly unknown[] }
  | { readonly item: unknown }
  | { readonly answer: unknown; readonly parts: number }
  | { readonly error: ReturnType<EvertError['toJSON']> }

/** Answer to `hello`. */
export const helloSchema = z.object({ evert: z.literal('engine'), protocol: z.number(), pid: z.number() })
