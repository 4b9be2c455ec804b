/** Fenced code blocks of a Markdown file: ```language path. */
export interface Snippet {
  readonly language: string
  /** The file that the block is, in a project; empty for others. */
  readonly path: string
  readonly text: string
  readonly line: number
}

export function snippetsOf(markdown: string): Snippet[] {
  const lines = markdown.split('\n')
  const snippets: Snippet[] = []
  for (let at = 0; at < lines.length; at++) {
    const open = /^```(\w+) ?(\S*)$/.exec(lines[at] ?? '')
    if (!open) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`line ${at + 1}: the code block is not closed`)
    snippets.push({ language: open[1] ?? '', path: open[2] ?? '', text: `${lines.slice(at + 1, end).join('\n')}\n`, line: at + 1 })
    at = end
  }
  return snippets
}

/** Commands of a shell block, without their comments. */
export function commandsOf(snippet: Snippet): string[] {
  return snippet.text
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
