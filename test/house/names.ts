import type { Rule } from './source-files.ts'

const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
/** Views and queries carry the name that SQL knows them by. */
const sqlName = /^[a-z0-9]+(_[a-z0-9]+)*\.sql$/
const documents = new Set(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE'])
const vague = new Set(['utils', 'util', 'helpers', 'helper', 'misc', 'common'])

/** Files and folders are named in kebab-case, after the thing that they are. */
export const names: Rule = (files) =>
  files.flatMap(({ path }) => {
    const findings = []
    for (const part of path.split('/')) {
      if (!kebab.test(part) && !sqlName.test(part) && !documents.has(part))
        findings.push({ path, message: `is named ${part}: use kebab-case` })
      if (vague.has(part.split('.')[0] ?? '')) findings.push({ path, message: `is named ${part}: name it after the one thing that it is` })
    }
    return findings
  })

/** Nothing large comes into the repository. */
export const sizes: Rule = (files) =>
  files
    .filter((one) => one.bytes > 1 << 20)
    .map(({ path, bytes }) => ({ path, message: `has ${bytes} bytes: at most ${1 << 20} belong in the repository` }))
