/** What `evert.config.ts` may say. Everything has a default; environment variables override it. */
export interface ConfigInput {
  /** Where log and store are kept, relative to the project. Default `.evert`; `EVERT_DATA_DIR`. */
  readonly dataDir?: string
  /** `embedded` (default), or the URL of a log; `EVERT_LOG`. */
  readonly log?: string
  /** Files and folders of TypeScript declarations. Default `pipelines`. */
  readonly pipelines?: readonly string[]
  /** Files and folders of SQL views. Default `sql/views`. */
  readonly views?: readonly string[]
  /** Default `info`; `EVERT_LOG_LEVEL`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** At most so many events in one transaction; `EVERT_BATCH_EVENTS_MAX`. */
  readonly batchEventsMax?: number
  /** At most so many bytes in one transaction; `EVERT_BATCH_BYTES_MAX`. */
  readonly batchBytesMax?: number
  /** How many previous versions of a view are kept up to date, so that `evert rollback` is instant. Default 1; 0: none. `EVERT_PREVIOUS_VERSIONS_MAX`. */
  readonly previousVersionsMax?: number
  readonly duckdb?: {
    /** As DuckDB writes sizes, `1GB`; `EVERT_DUCKDB_MEMORY`. */
    readonly memoryLimit?: string
    /** Default the number of cores; `EVERT_DUCKDB_THREADS`. */
    readonly threads?: number
  }
}

/**
 * The project's settings, type-checked.
 *
 * @example
 * export default defineConfig({ logLevel: 'warn', duckdb: { memoryLimit: '2GB' } })
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}
