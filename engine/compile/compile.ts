import { createHash } from 'node:crypto'
import type { Column } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import type { Opaque } from './algebra/op.ts'
import type { Part } from './algebra/part.ts'
import type { Analyzer } from './analyzer.ts'
import { type Ast, printAst, textOf, visit, withoutLocations } from './ast.ts'
import { bind } from './bind/bind.ts'
import { choosable } from './choosable.ts'
import { planVersion } from './cut.ts'
import { refuseNondeterminism } from './determinism.ts'
import { keysOfSelect } from './group-ast.ts'
import { readHeader } from './header.ts'
import { bindingError, refusal, syntaxError } from './located.ts'
import { offeredNames, relationColumns } from './offered-names.ts'
import { orderOnRead } from './order-on-read.ts'
import { partsOf } from './parts.ts'
import type { ViewPlan } from './plan.ts'
import { askedFor, type PlanOption, planOption } from './plan-option.ts'
import { hasPlace, placeNames, versionId } from './relations.ts'
import { type Catalog, type Read, resolve } from './resolve.ts'
import { eventTimes, retainedIn, retaining, schemaOf } from './retention.ts'
import { breakTies } from './ties.ts'
import { asofAsLateral } from './ties-asof.ts'
import { withoutNeedlessLimits } from './ties-exists.ts'
import { readsWithin } from './view-retention.ts'

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

/** A view's plan. `catalog` holds all that it may read; views that it reads are in it already. Throws `sql-invalid`. */
export async function compileView(analyzer: Analyzer, view: ParsedView, catalog: Catalog): Promise<ViewPlan> {
  const where = view.file
  const resolved = resolveIn(view, catalog)
  refuseIn(view, () => refuseNondeterminism(resolved.node, resolved.reads, analyzer.functions))
  const described = await describe(analyzer, view, resolved.node)
  const ordered = withoutLocations(await totalOrder(analyzer, view, resolved))
  const reads = readsWithin(where, view.options, resolved.reads)
  const node = await retainedIn(analyzer, ordered, reads)
  const columns = checkColumns(described, where)
  const recomputed = asofAsLateral(node)
  const select = await analyzer.print(recomputed)
  const option = planOption(where, view.options, reads)
  const isAsked = option === 'recompute'
  const whole: Opaque = {
    kind: 'opaque',
    sql: select,
    reads,
    columns: columns.map((column, i) => ({ id: `#whole${i}`, type: column.type, nullable: true })),
    why: isAsked ? askedFor : 'the SELECT as a whole',
  }
  const op = isAsked ? whole : await bind(retaining(analyzer, reads), ordered, reads, columns)
  const bound = { name: view.name, file: where, columns, op, whole }
  const { root, parts } = await partsOf(analyzer, bound)
  const chosen = await choosable(analyzer, option, bound, { root, parts }, reads)
  const order = orderOnRead(ordered, columns)
  const all = [...parts, root]
  const dearest = all.reduce((one, other) => (cost[other.rule.strategy] > cost[one.rule.strategy] ? other : one), root)
  const streams = new Set(reads.filter((read) => hasPlace(read.relation)).map((read) => read.relation.source))
  const history = [...streams].filter((stream) => all.some((part) => part.reads.includes(stream)))
  const full = dearest.rule.strategy === 'full'
  const advice =
    full && history.length > 0
      ? 'It reads a stream directly, so the cost of a batch grows with the history. Aggregate the stream in a view of its own (GROUP BY), and read that view here.'
      : dearest.rule.advice
  const hashed = fingerprint(view.name, node, reads, root, option)
  const id = versionId(view.name, hashed)
  return {
    id,
    name: view.name,
    file: view.file,
    strategy: dearest.rule.strategy,
    reason: dearest.rule.reason,
    ...(advice === undefined ? {} : { advice }),
    select,
    node: recomputed,
    columns,
    reads,
    needs: needsOf(asofAsLateral(ordered), reads),
    history,
    fingerprint: hashed,
    floats: columns.some((column) => /FLOAT|DOUBLE/.test(column.type)) && dearest.rule.strategy !== 'linear',
    root: { ...root, name: id },
    parts,
    ...(chosen === undefined ? {} : { whole: { ...chosen, name: id } }),
    order,
  }
}

const cost = { linear: 0, 'affected keys': 1, full: 2 } as const

function resolveIn(view: ParsedView, catalog: Catalog): { node: Ast; reads: readonly Read[] } {
  return refuseIn(view, () => resolve(withoutNeedlessLimits(view.node), catalog, 'sql-invalid'))
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
            [...read.relation.columns.map((column) => column.name.toLowerCase()), ...(read.placed ? placeNames : [])]
              .filter((name) => names.has(name))
              .concat(eventTimes(read.relation)),
          ),
    ]),
  )
}

/** Names a version: the definition as DuckDB understands it, and the schemas that it reads, which decide what events are good. Formatting changes nothing. */
function fingerprint(name: string, node: Ast, reads: readonly Read[], root: Part, option: PlanOption): string {
  const hash = createHash('sha256')
  // What the engine chooses makes no other version; what is asked for does.
  hash.update(JSON.stringify([name, planVersion, root.canonical, ...(option === 'incremental' ? [option] : [])]))
  hash.update(printAst(node))
  for (const read of reads)
    hash.update(JSON.stringify([read.relation.name, read.relation.kind, read.relation.columns, schemaOf(read.relation)]))
  return hash.digest('hex').slice(0, 16)
}
