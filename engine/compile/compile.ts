import { createHash } from 'node:crypto'
import type { Column } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import type { Analyzer } from './analyzer.ts'
import { type Ast, printAst, textOf, visit, withoutLocations } from './ast.ts'
import { refuseNondeterminism } from './determinism.ts'
import { planFull } from './full.ts'
import { planGroup } from './group.ts'
import { keysOfSelect } from './group-ast.ts'
import { readHeader } from './header.ts'
import { bindingError, firstLine, refusal, syntaxError } from './located.ts'
import { offeredNames, relationColumns } from './offered-names.ts'
import type { ViewPlan } from './plan.ts'
import { planProjection } from './project.ts'
import { placeNames } from './relations.ts'
import { type Catalog, type Read, resolve } from './resolve.ts'
import { breakTies } from './ties.ts'

export interface ParsedView {
  readonly name: string
  readonly file: string
  readonly options: ReadonlyMap<string, string>
  readonly node: Ast
  /** The file's text, and where its SELECT begins: for messages. */
  readonly text: string
  readonly selectAt: number
}

/** Header and syntax tree of a view's file. Throws `sql-invalid` with file and line. */
export async function parseView(analyzer: Analyzer, file: string, text: string): Promise<ParsedView> {
  const header = readHeader(file, text)
  try {
    return { name: header.name, file, options: header.options, node: await analyzer.parse(header.select), text, selectAt: header.selectAt }
  } catch (error) {
    throw syntaxError(error, file, text, header.selectAt)
  }
}

/** The incremental rules, the cheapest first; each says why it does not apply. Adding SQL means adding one here. */
const rules = [planProjection, planGroup]

/** A view's plan. `catalog` holds all that it may read; views that it reads are in it already. Throws `sql-invalid`. */
export async function compileView(analyzer: Analyzer, view: ParsedView, catalog: Catalog): Promise<ViewPlan> {
  const where = view.file
  const resolved = resolveIn(view, catalog)
  refuseIn(view, () => refuseNondeterminism(resolved.node, resolved.reads, analyzer.functions))
  const described = await describe(analyzer, view, resolved.node)
  const node = withoutLocations(await totalOrder(analyzer, view, resolved))
  const columns = checkColumns(described, where)
  const select = await analyzer.print(node)
  const reasons: string[] = []
  let maintenance: ReturnType<typeof planFull> | undefined
  for (const rule of rules) {
    const plan = await rule(analyzer, node, columns, resolved.reads)
    if (typeof plan !== 'string') {
      maintenance = plan
      break
    }
    reasons.push(plan)
  }
  maintenance ??= planFull(
    node,
    select,
    columns,
    (['it does not group', 'not one SELECT'].includes(reasons.at(-1) ?? '') ? reasons[0] : reasons.at(-1)) ?? '',
  )
  await checkRead(analyzer, maintenance, columns, where)
  const sources = [...new Set(resolved.reads.filter((read) => read.relation.kind !== 'view').map((read) => read.relation.source))]
  const full = maintenance.strategy === 'full'
  const advice =
    full && resolved.reads.some((read) => read.relation.appendOnly)
      ? 'It reads a stream directly, so the cost of a batch grows with the history. Aggregate the stream in a view of its own (GROUP BY), and read that view here.'
      : undefined
  return {
    ...maintenance,
    name: view.name,
    file: view.file,
    ...(advice === undefined ? {} : { advice }),
    select,
    node,
    columns,
    reads: resolved.reads,
    needs: needsOf(node, resolved.reads),
    history: full
      ? sources.filter((source) => resolved.reads.some((read) => read.relation.source === source && read.relation.appendOnly))
      : [],
    fingerprint: fingerprint(view.name, node, resolved.reads, maintenance.strategy),
    floats: full && columns.some((column) => /FLOAT|DOUBLE/.test(column.type)),
  }
}

function resolveIn(view: ParsedView, catalog: Catalog): { node: Ast; reads: readonly Read[] } {
  return refuseIn(view, () => resolve(view.node, catalog, 'sql-invalid'))
}

/** What `work` refuses is told with its place in the file. */
function refuseIn<T>(view: ParsedView, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw refusal(error, view.file, view.text, view.selectAt)
  }
}

/** What the view reads, as far as its names tell; `catalog` need not know the views' columns yet. Throws `sql-invalid`. */
export function readsOf(view: ParsedView, catalog: Catalog): readonly Read[] {
  return resolveIn(view, catalog).reads
}

async function totalOrder(analyzer: Analyzer, view: ParsedView, { node, reads }: { node: Ast; reads: readonly Read[] }): Promise<Ast> {
  try {
    return await breakTies(node, {
      widthOf: async (select) => (await analyzer.describe(await analyzer.print(select))).length,
      groupKeys: (select) => keysOfSelect(select, offeredNames({ ...select, select_list: [] }, node, reads), analyzer.functions),
      columnsOf: (table) => relationColumns(table, reads),
    })
  } catch (error) {
    throw refusal(error, view.file, view.text, view.selectAt)
  }
}

/** Names and types of the outputs; what DuckDB cannot bind is told with the place in the file. */
async function describe(analyzer: Analyzer, view: ParsedView, node: Ast): Promise<readonly Column[]> {
  try {
    return await analyzer.describe(await analyzer.print(node))
  } catch (error) {
    throw bindingError(error as Error, view.file, view.text, view.selectAt)
  }
}

function checkColumns(columns: readonly Column[], file: string): readonly Column[] {
  const seen = new Set<string>()
  for (const { name } of columns) {
    const key = name.toLowerCase()
    if (seen.has(key))
      throw new EvertError('sql-invalid', `${file}: two columns are named ${name}. Give one of them another name with AS.`, {
        details: { file, column: name },
      })
    if (key.startsWith('_'))
      throw new EvertError('sql-invalid', `${file}: the column ${name} begins with _, which is kept for Evert's own. Name it with AS.`, {
        details: { file, column: name },
      })
    seen.add(key)
  }
  return columns
}

/** What a plan shows has the names and types of the SELECT itself; a rule that gets one wrong is a bug, found here. */
async function checkRead(analyzer: Analyzer, plan: ReturnType<typeof planFull>, columns: readonly Column[], file: string): Promise<void> {
  const shown = await analyzer.tryState(plan.create, plan.read).catch((error: Error) => {
    throw new EvertError(
      'sql-invalid',
      `${file}: the view's columns cannot be stored: ${firstLine(error.message)}. Their types are ${columns.map((column) => `${column.name} ${column.type}`).join(', ')}; CAST the one that is not a table's type.`,
      { cause: error, details: { file } },
    )
  })
  const same =
    shown.length === columns.length && shown.every((column, i) => column.name === columns[i]?.name && column.type === columns[i]?.type)
  if (!same)
    throw new EvertError(
      'internal',
      `${file}: the plan shows ${JSON.stringify(shown)}, the SELECT ${JSON.stringify(columns)}. Please report this view.`,
    )
}

/** Which columns of each relation the tree mentions; a star or the row as a whole needs all of them. */
function needsOf(node: Ast, reads: readonly Read[]): ReadonlyMap<string, ReadonlySet<string> | undefined> {
  const names = new Set<string>()
  let all = false
  const aliases = new Set<string>()
  visit(node, (part) => {
    if (part.type === 'BASE_TABLE') aliases.add(textOf(part.alias).toLowerCase())
    if (part.type === 'STAR' || part.type === 'POSITIONAL_REFERENCE') all = true
    if (part.type === 'COLUMN_REF') for (const name of part.column_names as readonly string[]) names.add(name.toLowerCase())
    if (part.type === 'JOIN' && (part.using_columns !== undefined || part.ref_type === 'NATURAL')) all = true
    if (Array.isArray(part.column_name_alias) && part.column_name_alias.length > 0) all = true
  })
  const wholeRow = [...aliases].some((alias) => names.has(alias))
  return new Map(
    reads.map((read) => [
      read.relation.name,
      all || wholeRow
        ? undefined
        : new Set(
            [...read.relation.columns.map((column) => column.name.toLowerCase()), ...(read.placed ? placeNames : [])].filter((name) =>
              names.has(name),
            ),
          ),
    ]),
  )
}

/** Names a version: the definition as DuckDB understands it, and the schemas that it reads, which decide what events are good. Formatting changes nothing. */
function fingerprint(name: string, node: Ast, reads: readonly Read[], strategy: string): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([name, strategy, 1]))
  hash.update(printAst(node))
  for (const read of reads)
    hash.update(JSON.stringify([read.relation.name, read.relation.kind, read.relation.columns, read.relation.schema]))
  return hash.digest('hex').slice(0, 16)
}
