import { path } from '../../connectors/store/quote.ts'
import type { Column, Store } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { type Ast, isAst, items, parseAst, printAst, replace } from './ast.ts'
import { exactQuotientDdl } from './exact-quotient.ts'
import { hasPlace, placeColumns, type Relation, relationSchema, relationTable } from './relations.ts'

/** Relations are views here as they are in the engine's file, so that `rowid` is no more there than here. */
const baseSchema = '_base'

export interface FunctionKinds {
  readonly aggregates: ReadonlySet<string>
  readonly volatile: ReadonlySet<string>
  /** Those that take a lambda. */
  readonly lambdas: ReadonlySet<string>
}

/** DuckDB's own macros that are aggregates inside; a test compares the list with what DuckDB defines. */
export const aggregateMacros: readonly string[] = [
  'geomean',
  'geometric_mean',
  'json_group_array',
  'json_group_object',
  'json_group_structure',
  'wavg',
  'weighted_avg',
]

/** What the compiler asks DuckDB: an empty database that knows the relations' columns and nothing else. */
export interface Analyzer {
  /** The one SELECT of a text. Throws `sql-invalid` or, for queries, whatever `code` says. */
  parse(sql: string): Promise<Ast>
  print(node: Ast): Promise<string>
  /** Names and types of a SELECT's columns. Throws DuckDB's own error. */
  describe(sql: string): Promise<readonly Column[]>
  readonly functions: FunctionKinds
  /** Columns of what a plan shows, tried on an empty state. */
  tryState(create: (table: string) => readonly string[], read: (table: string) => string): Promise<readonly Column[]>
  declare(relation: Relation): Promise<void>
  close(): Promise<void>
}

/** `store` is an empty one in memory; the analyzer owns it from here on. */
export async function createAnalyzer(store: Store): Promise<Analyzer> {
  await store.script([
    `CREATE SCHEMA ${path(relationSchema)}`,
    `CREATE SCHEMA ${path(baseSchema)}`,
    'CREATE SCHEMA tried',
    ...exactQuotientDdl(),
  ])
  const all = (sql: string, parameters?: readonly string[]) => store.transaction((tx) => tx.all(sql, parameters))
  const rows = await all(
    "SELECT function_name AS name, function_type AS kind, stability, list_contains(parameter_types, 'LAMBDA') AS lambda FROM duckdb_functions() WHERE function_type = 'aggregate' OR stability = 'VOLATILE' OR list_contains(parameter_types, 'LAMBDA')",
  )
  const named = (test: (row: (typeof rows)[number]) => boolean) => new Set(rows.filter(test).map((row) => String(row.name)))
  const aggregates = named((row) => row.kind === 'aggregate')
  for (const macro of aggregateMacros) aggregates.add(macro)
  return {
    functions: {
      aggregates,
      volatile: named((row) => row.stability === 'VOLATILE'),
      lambdas: named((row) => row.lambda === true),
    },
    parse: async (sql) => {
      const [row] = await all('SELECT json_serialize_sql($1::VARCHAR, skip_default := true) AS ast', [sql])
      const answer = parseAst(String(row?.ast))
      if (answer.error === true) throw parseError(answer)
      const statements = items(answer.statements)
      const node = statements[0]?.node
      if (statements.length !== 1 || !isAst(node)) {
        throw new EvertError(
          'sql-invalid',
          `Expected one SELECT, found ${statements.length} statements. Write one statement, without a second one after a semicolon.`,
        )
      }
      return keepDoubles(node)
    },
    print: async (node) => {
      const [row] = await all('SELECT json_deserialize_sql($1::VARCHAR::JSON) AS sql', [printAst({ error: false, statements: [{ node }] })])
      return String(row?.sql)
    },
    describe: async (sql) => {
      const described = await all(`DESCRIBE ${sql}`)
      return described.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
    },
    tryState: async (create, read) => {
      const table = path('tried', 'tried')
      try {
        await store.script([...create(table)])
        const described = await all(`DESCRIBE ${read(table)}`)
        return described.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
      } finally {
        await store.script(['DROP SCHEMA tried CASCADE', 'CREATE SCHEMA tried'])
      }
    },
    declare: async (relation) => {
      const make = (name: string, columns: readonly Column[]) => [
        `CREATE OR REPLACE TABLE ${path(baseSchema, name)} (${columns.map((column) => `${path(column.name)} ${column.type}`).join(', ')})`,
        `CREATE OR REPLACE VIEW ${path(relationSchema, name)} AS SELECT * FROM ${path(baseSchema, name)}`,
      ]
      await store.script([
        ...make(relationTable(relation.name), relation.columns),
        ...(hasPlace(relation) ? make(relationTable(relation.name, true), [...relation.columns, ...placeColumns]) : []),
      ])
    },
    close: () => store.close(),
  }
}

/** DuckDB prints the DOUBLE `1e10` as `10000000000.0`, which reads as a DECIMAL: such constants are cast from their text. */
function keepDoubles(node: Ast): Ast {
  return replace(node, (part) => {
    const value = part.class === 'CONSTANT' && isAst(part.value) ? part.value : undefined
    if (!value || !isAst(value.type) || value.type.id !== 'DOUBLE' || value.value === undefined) return undefined
    const child = {
      class: 'CONSTANT',
      type: 'VALUE_CONSTANT',
      value: { type: { id: 'VARCHAR' }, is_null: false, value: String(value.value) },
    }
    return {
      class: 'CAST',
      type: 'OPERATOR_CAST',
      ...(part.alias === undefined ? {} : { alias: part.alias }),
      ...(part.query_location === undefined ? {} : { query_location: part.query_location }),
      child,
      cast_type: { id: 'DOUBLE' },
    }
  }) as Ast
}

function parseError(answer: Ast): EvertError {
  const message = String(answer.error_message)
  if (message.startsWith('Only SELECT'))
    return new EvertError(
      'sql-invalid',
      'Only a SELECT can be asked or made a view; this text is another statement (or a PIVOT, which can be written as an aggregate with FILTER).',
    )
  const at = Number(answer.position)
  return new EvertError('sql-invalid', message, Number.isFinite(at) ? { details: { at } } : {})
}
