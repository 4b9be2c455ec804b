/** What projects and programs import from `evert`. */

export * from './engine/model/declarations.ts'
export type { OutputEvent, ProcessorOptions } from './engine/model/declare/processor.ts'
export type { EventsOf, InputsOf, Stream, StreamOptions } from './engine/model/declare/stream.ts'
export type { RowInputOf, Table, TableOptions } from './engine/model/declare/table.ts'
export type { ViewOptions } from './engine/model/declare/view.ts'
export type { ConfigInput } from './engine/model/load/define-config.ts'
export { loadProject } from './engine/model/load/load-project.ts'
export type { EventMeta, FoldModel, ProcessorModel, Project, StreamModel, TableModel } from './engine/model/types.ts'
export { type Appended, type Appender, type AppenderOptions, createAppender, type EventInput, type NewEvent } from './engine/run/append.ts'
export { type ErrorCode, errorCodes } from './errors.ts'
