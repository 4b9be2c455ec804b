import type { Finding, Rule, SourceFile } from './source-files.ts'

const exported = /^export (?:declare )?(?:async )?(function\*?|class|const|interface|type|abstract class) (\w+)/

/**
 * Exports of the interface files (directly in connectors/log, connectors/store …) are explained: above the declaration, or,
 * for a type whose members say it all, at a member. Others implement them from what stands there.
 */
export const docstrings: Rule = (files) =>
  files.filter((one) => /^connectors\/[^/]+\/[^/]+(?<!\.test)\.ts$/.test(one.path)).flatMap((one) => unexplained(one))

/** Exported functions, classes and constants elsewhere without a docstring: a list to look at, not a failure. */
export const docstringWarnings: Rule = (files) =>
  files
    .filter((one) => /^(engine|connectors\/[^/]+\/[^/]+|cli)\/.*(?<!\.test)\.ts$/.test(one.path))
    .flatMap((one) => unexplained(one).filter(({ message }) => !/^exports (interface|type)/.test(message)))

function unexplained(source: SourceFile): Finding[] {
  const lines = source.text.split('\n')
  return lines.flatMap((line, index) => {
    const match = exported.exec(line)
    if (match === null || lines[index - 1]?.trimEnd().endsWith('*/')) return []
    const [, kind, name] = match
    if ((kind === 'interface' || kind === 'type') && membersAreExplained(lines, index)) return []
    return [{ path: source.path, line: index + 1, message: `exports ${kind} ${name} without a docstring` }]
  })
}

/** A declaration of several lines goes on as long as lines are indented. */
function membersAreExplained(lines: readonly string[], from: number): boolean {
  for (const line of lines.slice(from + 1)) {
    if (/^\s+\/\*\*/.test(line)) return true
    if (!line.startsWith(' ')) return false
  }
  return false
}
