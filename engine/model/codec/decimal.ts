/**
 * A number's text, exactly, as a DECIMAL's canonical text with all digits of the scale (`-1.50`); undefined when it is no
 * JSON number, or has more digits than the type, other than zeros. Nothing is ever rounded.
 */
export function canonicalDecimal(text: string, width: number, scale: number): string | undefined {
  const parts = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const digits = whole + fraction
  let point = whole.length + Number(exponent)
  const significant = digits.replace(/^0+/, '')
  if (significant === '') return scale === 0 ? '0' : `0.${'0'.repeat(scale)}`
  point -= digits.length - significant.length
  const kept = significant.replace(/0+$/, '')
  if (point > width - scale || kept.length - point > scale) return undefined
  const before = point <= 0 ? '0' : kept.slice(0, point).padEnd(point, '0')
  const after = point <= 0 ? '0'.repeat(-point) + kept : kept.slice(point)
  return scale === 0 ? sign + before : `${sign}${before}.${after.padEnd(scale, '0')}`
}
