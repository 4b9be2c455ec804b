/** What a project's files declare with: the module that `import … from 'evert'` is to pipelines and settings. */
export { EvertError } from '../../errors.ts'
export { processor } from './declare/processor.ts'
export { stream } from './declare/stream.ts'
export { table } from './declare/table.ts'
export { view } from './declare/view.ts'
export { defineConfig } from './load/define-config.ts'
export { sql } from './schema/sql.ts'
