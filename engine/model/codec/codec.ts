import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import { checker } from '../check/checker.ts'
import { type ShapeField, shapeFieldOf } from '../schema/shape.ts'
import type { Codec, Field } from '../types.ts'
import { decoder } from './decode.ts'
import { encoder } from './encode.ts'
import { fitter } from './fits.ts'
import { BadValue, eventInvalid } from './path.ts'

/** Checks a decoded value beyond its columns' types (a schema's refinements): the reason why it is bad, or undefined. */
export type Refine = (value: unknown) => string | undefined

/**
 * The codec of a list of fields. With `refine`, a value is good when its columns are and when the payload decoded from
 * its canonical JSON passes, in `encode` and `check` alike, so that validity never depends on the way an event came.
 */
export function codecOf(fields: readonly ShapeField[], refine?: Refine): Codec {
  const fits = fitter({ kind: 'struct', fields })
  const encode = encoder({ kind: 'struct', fields })
  const decode = decoder(fields) as (json: string) => Record<string, unknown>
  return {
    encode(data) {
      const text = fits?.(data) ? JSON.stringify(data) : encodeOrThrow(encode, data)
      if (text.length * 3 > limits.eventBytesMax && Buffer.byteLength(text) > limits.eventBytesMax) throw tooLarge(Buffer.byteLength(text))
      const reason = refine?.(decode(text))
      if (reason !== undefined) throw eventInvalid(reason)
      return text
    },
    decode,
    decodeAll: decode as unknown as (json: string) => Record<string, unknown>[],
    check: checker(fields, refine === undefined ? undefined : (text) => refine(decode(text))),
  }
}

/** The codec of bare columns, where no schema tells JavaScript's types: 64-bit integers are bigint, times and decimals text. */
export function codecOfFields(fields: readonly Field[]): Codec {
  return codecOf(fields.map(shapeFieldOf))
}

function tooLarge(bytes: number): EvertError {
  return new EvertError(
    'event-too-large',
    `The event has ${bytes} bytes, at most ${limits.eventBytesMax} are taken: keep large facts in a file and name it in the event`,
    { details: { bytes } },
  )
}

function encodeOrThrow(encode: (data: unknown) => string, data: unknown): string {
  try {
    return encode(data)
  } catch (thrown) {
    throw thrown instanceof BadValue ? eventInvalid(thrown.reason()) : thrown
  }
}
