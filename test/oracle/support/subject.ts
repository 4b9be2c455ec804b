import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../../connectors/log/log.ts'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import { path } from '../../../connectors/store/quote.ts'
import type { Store } from '../../../connectors/store/store.ts'
import { type Analyzer, createAnalyzer } from '../../../engine/compile/analyzer.ts'
import type { FoldModel, Project, StreamModel, TableModel } from '../../../engine/model/types.ts'
import { Build } from '../../../engine/replay/build.ts'
import { Replanner } from '../../../engine/replay/replan.ts'
import { type Verified, verifyView } from '../../../engine/replay/verify.ts'
import type { Definitions } from '../../../engine/run/assemble.ts'
import type { Position } from '../../../engine/run/batch.ts'
import { define } from '../../../engine/run/define.ts'
import { type Commit, Loop, type LoopOptions } from '../../../engine/run/loop.ts'
import { start } from '../../../engine/run/start.ts'
import type { Lived } from './lived.ts'

export interface Declared {
  readonly streams?: readonly StreamModel[]
  readonly tables?: readonly TableModel[]
  readonly folds?: readonly FoldModel[]
  /** View name to its SELECT, or to the whole text of its file. */
  readonly views?: Readonly<Record<string, string>>
}

/** A project in memory, as loading one from disk gives it. */
export function projectOf(declared: Declared, dataDir = ''): Project {
  const byName = <Model extends { readonly name: string }>(models: readonly Model[] = []) =>
    new Map(models.map((model) => [model.name, model]))
  return {
    config: {
      root: dataDir,
      dataDir,
      log: 'embedded',
      pipelines: [],
      views: [],
      logLevel: 'silent',
      batchEventsMax: 65_536,
      batchBytesMax: 16 << 20,
      previousVersionsMax: 1,
      duckdb: { memoryLimit: '1GB', threads: 2 },
    },
    streams: byName(declared.streams),
    tables: byName(declared.tables),
    folds: byName(declared.folds),
    processors: new Map(),
    sqlViews: Object.entries(declared.views ?? {}).map(([name, select]) => ({
      kind: 'sql',
      file: `sql/views/${name}.sql`,
      text: select.startsWith('CREATE ') ? select : `CREATE MATERIALIZED VIEW ${name} AS\n${select}\n`,
    })),
    codeFingerprints: new Map(),
    foldCodes: new Map(),
  }
}

/** An empty analyzer; whoever makes it closes it. */
export async function openAnalyzer(): Promise<Analyzer> {
  return createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
}

/** How batches are cut, and which of the two paths into DuckDB they take. */
export interface Pace {
  readonly events: number
  readonly literalEventsMax?: number | undefined
}

/** What many subjects may share, and what costs most to make. */
export interface Shared {
  /** Closed by whoever made it. */
  readonly analyzer?: Analyzer
  /**
   * DuckDB in memory, which outlives restarts: the engine starts again on what is committed, and only the file's own way to
   * the disk and back is left out.
   */
  readonly inMemory?: boolean
  /** A folder that is there already, and stays. */
  readonly dir?: string
  /** Rows up to which views are computed anew (`limits.recomputeRowsMax`). Default 0: it is the rules that are tested. */
  readonly recomputeRowsMax?: number | undefined
}

/** The engine's loop over a log and a DuckDB file in a folder of its own, stepped by hand. */
export class Subject implements Lived {
  readonly dir: string
  readonly failed = new Map<string, string>()
  // Set when `open` has succeeded, which is the only way to a subject.
  log!: Log
  store!: Store
  loop!: Loop
  analyzer!: Analyzer
  definitions!: Definitions
  #replanner!: Replanner
  /** Views that were planned anew since they had outgrown their plan. */
  readonly replanned: string[] = []
  #declared: Declared
  /** Read by the loop for each batch, so a test may change it between two steps. */
  readonly #batch = { events: 1_000, bytes: 16 << 20 }
  readonly #shared: Shared
  #options: { literalEventsMax?: number | undefined } = {}
  /** Called after each committed batch, on its way out of `step`: for what a batch leaves behind beside the views' rows. */
  readonly afterCommit: ((commit: Commit) => Promise<void>)[] = []
  #commits: Commit[] = []

  private constructor(declared: Declared, shared: Shared) {
    this.#declared = declared
    this.#shared = shared
    this.dir = shared.dir ?? mkdtempSync(join(tmpdir(), 'evert-oracle-'))
  }

  /** How the next batches are cut. */
  pace({ events, literalEventsMax }: Pace): void {
    this.#batch.events = events
    this.#options.literalEventsMax = literalEventsMax
  }

  static async open(declared: Declared, pace: Pace = { events: 1_000 }, shared: Shared = {}): Promise<Subject> {
    const subject = new Subject(declared, shared)
    try {
      subject.pace(pace)
      await subject.#open()
    } catch (error) {
      await subject.close()
      throw error
    }
    return subject
  }

  /** Closes everything and starts again, as after a stop, perhaps with other views; new ones are built when the loop is stepped. */
  async restart(declared: Declared = this.#declared): Promise<void> {
    await this.loop.settle()
    if (this.#shared.inMemory !== true) await this.#close()
    // Compiling is the dearest part of a start, and a pure function of what is declared.
    const known = declared === this.#declared && this.#shared.analyzer !== undefined ? this.definitions : undefined
    this.#declared = declared
    await this.#open(known)
  }

  async #open(known?: Definitions): Promise<void> {
    const again = this.#shared.inMemory === true && this.store !== undefined
    if (!again) this.analyzer = this.#shared.analyzer ?? (await openAnalyzer())
    const declared = known ?? (await define(projectOf(this.#declared, this.dir), this.analyzer))
    if (!again) {
      this.log = await openEmbeddedLog(join(this.dir, 'log'))
      // A second thread costs a seventh of the time, and has nothing to do among so few rows.
      this.store =
        this.#shared.inMemory === true
          ? await openDuckdb(':memory:', { threads: 1 })
          : await openDuckdb(join(this.dir, 'views.duckdb'), { threads: 2 })
    }
    const recomputeRowsMax = this.#shared.recomputeRowsMax ?? 0
    const begun = await start(this.store, this.log, declared, { recomputeRowsMax, recomputePartsMin: 1 })
    this.definitions = begun.definitions
    this.#options = Object.assign(this.#options, {
      store: this.store,
      log: this.log,
      sources: this.definitions.sources,
      position: begun.position,
      retired: begun.retired,
      members: begun.members,
      batch: this.#batch,
      onViewFailed: (view: string, error: string) => this.failed.set(view, error),
      onCommit: (commit: Commit) => this.#commits.push(commit),
    })
    this.loop = new Loop(this.#options as LoopOptions)
    let building = begun.toBuild.length > 0
    this.#replanner = new Replanner({
      store: this.store,
      log: this.log,
      loop: this.loop,
      batch: this.#batch,
      definitions: () => this.definitions,
      onReplanned: (definitions, views) => {
        this.definitions = definitions
        this.replanned.push(...views)
      },
      onFailed: (view, error) => this.failed.set(view, error),
      isBusy: () => building,
      rowsMax: recomputeRowsMax,
    })
    this.loop.setMembers(begun.members, begun.fresh)
    await this.loop.computeFresh()
    if (begun.toBuild.length === 0) return
    const build = new Build({
      store: this.store,
      log: this.log,
      loop: this.loop,
      sources: this.definitions.sources,
      derivations: begun.toBuild,
      order: this.definitions.derivations.map((derivation) => derivation.id),
      batch: this.#batch,
      notBefore: await this.log.ends([...this.definitions.sources.values()].map((source) => source.topic)),
      onViewFailed: (view, error) => this.failed.set(view, error),
    })
    build.done.catch((error: Error) => this.failed.set(build.views.join(', '), error.message)).finally(() => (building = false))
    this.loop.addBackground(build)
  }

  /** One batch; 0 when caught up. */
  async step(): Promise<number> {
    await this.#replanner.replan(await this.#replanner.outgrown())
    const events = await this.loop.step()
    for (const commit of this.#commits.splice(0)) for (const observer of this.afterCommit) await observer(commit)
    return events
  }

  async drain(): Promise<void> {
    while ((await this.step()) > 0);
  }

  get position(): Position {
    return this.loop.position
  }

  get live(): readonly string[] {
    return this.loop.members.map((member) => member.derivation.name)
  }

  /** The view as a reader sees it: columns with types, rows as sorted JSON text. */
  async rows(view: string): Promise<{ columns: readonly string[]; rows: readonly string[] }> {
    const reader = await this.store.reader()
    try {
      const answer = await reader.query(`SELECT * FROM ${path('main', view)}`)
      const rows: string[] = []
      for await (const block of answer.rows) for (const row of block) rows.push(JSON.stringify(row))
      return { columns: answer.columns.map((column) => `${column.name} ${column.type}`), rows: rows.sort() }
    } finally {
      await reader.close()
    }
  }

  async deadLetters(): Promise<number> {
    const [row] = await this.store.transaction((tx) => tx.all('SELECT count(*) AS n FROM _evert.dead_letters'))
    return Number(row?.n)
  }

  verify(view: string): Promise<Verified> {
    return verifyView(view, { store: this.store, log: this.log, analyzer: this.analyzer, definitions: this.definitions })
  }

  async #close(): Promise<void> {
    await this.loop?.settle()
    await this.store?.close()
    await this.log?.close()
    if (this.analyzer !== this.#shared.analyzer) await this.analyzer?.close()
  }

  async close(): Promise<void> {
    await this.#close()
    if (this.#shared.dir === undefined) rmSync(this.dir, { recursive: true, force: true })
  }
}
