/** Strings up to this length are looked through in JavaScript; beyond it the built-in functions are faster. */
const loopLengthMax = 40

/** A JSON string, or undefined for one with a lone surrogate: UTF-8 cannot carry it, and DuckDB fails on its escape. */
export function quoted(value: string): string | undefined {
  if (value.length <= loopLengthMax) {
    let at = 0
    for (; at < value.length; at++) {
      const code = value.charCodeAt(at)
      if (code < 32 || code === 34 || code === 92 || (code >= 0xd800 && code <= 0xdfff)) break
    }
    if (at === value.length) return `"${value}"`
  }
  return value.isWellFormed() ? JSON.stringify(value) : undefined
}
