import { isUtf8 } from 'node:buffer'
import { limits } from '../../../limits.ts'
import { reasonOf, shortened } from '../codec/path.ts'
import type { ShapeField } from '../schema/shape.ts'
import type { Verdict } from '../types.ts'
import { canonicalJson } from './canonical.ts'
import { FAILED, newScan, type Scan, skipSpace, textOf } from './scan.ts'
import { scanner } from './scan-composite.ts'

const good: Verdict = { ok: true }

/**
 * The full check of foreign bytes. Decoding never guesses: what passes, DuckDB decodes to exactly the declared values,
 * as it stands or from the canonical text that comes with the verdict. `refine` sees that text.
 */
export function checker(
  fields: readonly ShapeField[],
  refine: ((text: string) => string | undefined) | undefined,
): (bytes: Uint8Array, start: number, end: number) => Verdict {
  const root = scanner({ kind: 'struct', fields }, 0)
  const scan = newScan()
  return (bytes, start, end) => {
    if (end - start > limits.eventBytesMax) return bad(`the event has ${end - start} bytes, at most ${limits.eventBytesMax} are taken`)
    scan.bytes = bytes
    scan.end = end
    scan.isWide = false
    scan.isLoose = false
    const from = skipSpace(scan, start)
    if (from === end) return bad('the message is empty')
    const next = root(scan, from)
    if (next === FAILED) return bad(failure(scan, start))
    const last = skipSpace(scan, next)
    if (last !== end) return bad(`not JSON: more bytes after the event's end, at byte ${last - start}`)
    if (scan.isWide && !isUtf8(bytes.subarray(start, end))) return bad('not UTF-8')
    if (refine === undefined && !scan.isLoose) return good
    const text = textOf(scan, start, end)
    return finish(scan.isLoose ? canonicalJson(fields, text) : undefined, text, refine)
  }
}

function finish(canonical: string | undefined, text: string, refine: ((text: string) => string | undefined) | undefined): Verdict {
  const reason = refine?.(canonical ?? text)
  if (reason !== undefined) return bad(reason)
  return canonical === undefined ? good : { ok: true, canonical }
}

function bad(reason: string): Verdict {
  return { ok: false, reason }
}

function failure(scan: Scan, start: number): string {
  if (scan.syntax !== '')
    return `not JSON that can be stored${scan.path === '' ? '' : `, in ${scan.path.replace(/^\./, '')}`}: ${scan.syntax}, at byte ${scan.badAt - start}`
  return reasonOf(scan.path, scan.badAt === FAILED ? 'missing' : valueAt(scan), scan.wanted)
}

/** The value that did not fit, shortened: up to the next comma or bracket, or a string's end. */
function valueAt(scan: Scan): string {
  const text = textOf(scan, scan.badAt, Math.min(scan.end, scan.badAt + 200))
  if (text.startsWith('{')) return 'an object'
  if (text.startsWith('[')) return 'a list'
  const token = /^"(?:[^"\\]|\\.)*"?|^[^\s,\]}]+/.exec(text)?.[0] ?? ''
  return token === '' ? 'nothing' : shortened(token)
}
