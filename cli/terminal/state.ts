/** How a view stands, in one cell. */
import type { ViewInfo } from '../../engine/serve/service.ts'

/** Letters of an error that a table shows: enough to know it again, few enough for a terminal. */
const lettersMax = 100

/** `live`, `live, changed` (the rows are of the definition before), `failed: …` with the whole error. */
export function stateText({ state, changed, error }: Pick<ViewInfo, 'state' | 'changed' | 'error'>): string {
  const stands = changed ? `${state}, changed` : state
  return error === undefined ? stands : `${stands}: ${error}`
}

/** The first line, cut at about a hundred letters; `…` says that there is more. */
export function shortened(text: string): string {
  const [line = ''] = text.split('\n', 1)
  const letters = [...line]
  if (letters.length <= lettersMax) return line === text ? line : `${line.trimEnd()}…`
  return `${letters.slice(0, lettersMax).join('').trimEnd()}…`
}
