/** Statements of a text, told apart well enough to say what is wrong with it: what runs is decided by DuckDB's own parser. */

/** Comments, strings, quoted names and texts in dollars, in which a semicolon ends nothing; then whatever else there is. */
const parts = /(--[^\n]*|\/\*[\s\S]*?\*\/)|e'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|(\$\w*\$)[\s\S]*?\2|(;)|[\s\S]/gi

/** The text's statements without comments; empty ones are left out. */
export function statementsOf(sql: string): readonly string[] {
  const statements = ['']
  for (const [part, comment, , end] of sql.matchAll(parts)) {
    if (end !== undefined) statements.push('')
    else statements[statements.length - 1] += comment === undefined ? part : ' '
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '')
}

/** What to do instead, for a text that DuckDB's parser has refused as not being one SELECT; undefined when nothing better is known than the parser's own words. */
export function adviceFor(sql: string): string | undefined {
  const [first = '', ...more] = statementsOf(sql)
  if (more.length > 0)
    return `Cannot run ${more.length + 1} statements at once: one statement is allowed, a SELECT. Take out what follows the first semicolon.`
  const [word = ''] = /^\w*/.exec(first.toUpperCase()) ?? []
  if (word === 'EXPLAIN')
    return 'EXPLAIN is not a SELECT over the project. evert explain VIEW tells how a view is kept up to date and why so; evert views lists the views.'
  return undefined
}
