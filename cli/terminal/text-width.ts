/** Columns that a text takes on a terminal: East Asian and emoji take two, combining marks none. Close enough to align a table. */
export function textWidth(text: string): number {
  // Nearly all cells are ASCII, and tables are printed by the thousand rows.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const letter of text) width += /\p{Mark}|\p{Cf}/u.test(letter) ? 0 : wide.test(letter) ? 2 : 1
  return width
}

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
