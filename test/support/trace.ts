import { DuckDBInstance } from '@duckdb/node-api'
import { wrongOptimizers } from '../../connectors/store/duckdb/open.ts'
import { ident } from '../../connectors/store/quote.ts'
import { type Col, inputsOf, type Op } from '../../engine/compile/algebra/op.ts'
import { selectOf } from '../../engine/compile/algebra/select-of.ts'
import { exactQuotientDdl } from '../../engine/compile/exact-quotient.ts'
import { changeIn, isAdded } from '../../engine/compile/rules/hand-on.ts'
import { asked, type Handed, type Input, type Names, type Rule, type Run, type Traits } from '../../engine/compile/rules/rule.ts'

/** What may stand in the cells of an input's column: SQL texts, `NULL` among them. */
export type Domains = Readonly<Record<string, readonly string[]>>

export interface Traced<O extends Op> {
  readonly op: O
  readonly plan: (op: O, inputs: readonly Traits[]) => Rule | string
  /** What the rule reads, where that is not the operator's own inputs. */
  readonly inputs?: readonly Op[]
  readonly domains: Domains
  readonly seed: number
  readonly steps?: number
  /** Rows that a step adds to an input at most. */
  readonly rowsMax?: number
  /** By input; default: rows also go. */
  readonly insertOnly?: readonly boolean[]
  /** Step at which the rows that there are come to the empty rule as one first computation; default: batch by batch from the start. */
  readonly firstAt?: number
  /** Are counts unknown to the rule, as in a batch that goes as one string? Default: in some batches. */
  readonly isSmall?: boolean
  /** Does somebody read the change? Default: yes. */
  readonly handsOn?: boolean
  /** Compared after this change of each row's text (floats). */
  readonly rounded?: (row: string) => string
}

/** What is rare is met by many seeds and short ways; the full campaigns go further. */
const stepsByDefault = process.env.EVERT_LONG === '1' ? 12 : 8

/**
 * Runs one rule over random changes of its inputs, in a real DuckDB: after each batch its rows are the operator's SELECT over
 * all of the inputs' rows, and the sum of the changes that it handed on is its rows. Returns the statements of the last batch.
 */
export async function trace<O extends Op>(traced: Traced<O>): Promise<readonly string[]> {
  const { op, seed, steps = stepsByDefault, rowsMax = 6, firstAt = -1, handsOn = true, rounded = (row) => row } = traced
  const random = mulberry(seed)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', disabled_optimizers: wrongOptimizers })
  const connection = await instance.connect()
  const run = async (sql: string): Promise<number> => {
    try {
      const result = await connection.run(sql)
      if (result.columnNames()[0] !== 'Count') return result.rowsChanged
      return Number((await result.getRowsJson())[0]?.[0] ?? 0)
    } catch (error) {
      throw new Error(`${(error as Error).message}\nin: ${sql}`, { cause: error })
    }
  }
  const rows = async (sql: string): Promise<string[]> => {
    try {
      return (await (await connection.runAndReadAll(sql)).getRowsJson()).map((row) => rounded(JSON.stringify(row))).sort()
    } catch (error) {
      throw new Error(`${(error as Error).message}\nin: ${sql}`, { cause: error })
    }
  }
  try {
    const inputs = traced.inputs ?? inputsOf(op)
    const insertOnly = inputs.map((_, i) => traced.insertOnly?.[i] ?? false)
    const rule = traced.plan(
      op,
      inputs.map((input, i) => ({ op: input, insertOnly: insertOnly[i] === true })),
    )
    if (typeof rule === 'string') throw new Error(`The rule does not apply: ${rule}`)
    const names: Names = { table: '_state.main', side: (name) => `_state.${ident(`side ${name}`)}` }
    await run('CREATE SCHEMA _state')
    await run('CREATE SCHEMA _evert')
    for (const ddl of exactQuotientDdl().filter((sql) => !sql.startsWith('CREATE SCHEMA'))) await run(ddl)
    const columnsDdl = (columns: readonly Col[]) => columns.map((column) => `${ident(column.id)} ${column.type}`)
    for (const [i, input] of inputs.entries()) await run(`CREATE TABLE in${i} (${columnsDdl(input.columns).join(', ')})`)
    await run(`CREATE TABLE handed (${[...columnsDdl(op.columns), '_w BIGINT'].join(', ')})`)
    const standing = (part: Op) => (inputs.includes(part) ? `in${inputs.indexOf(part)}` : undefined)
    const truth = selectOf(op, standing)
    for (const statement of rule.create(names)) await run(statement)
    if (firstAt < 0) await run(`INSERT INTO handed SELECT *, 1 FROM (${rule.rows(names)})`)
    let last: string[] = []
    for (let step = 0; step < steps; step++) {
      const changed: boolean[] = []
      const added: boolean[] = []
      for (const [i, input] of inputs.entries()) {
        const texts = input.columns.map((column) => traced.domains[column.id] ?? [])
        const count = random() < 0.25 ? 0 : Math.floor(random() * (rowsMax + 1))
        await run(`CREATE OR REPLACE TEMP TABLE raw${i} (${[...columnsDdl(input.columns), '_w BIGINT'].join(', ')})`)
        for (let n = 0; n < count; n++)
          await run(
            `INSERT INTO raw${i} VALUES (${[...texts.map((domain) => domain[Math.floor(random() * domain.length)]), '1'].join(', ')})`,
          )
        if (!insertOnly[i] && random() < 0.7) {
          const gone = Math.floor(random() * (rowsMax + 1))
          const key = Math.floor(random() * 1e6)
          await run(`CREATE OR REPLACE TEMP TABLE gone AS SELECT rowid AS r, * FROM in${i} ORDER BY hash(rowid + ${key}) LIMIT ${gone}`)
          await run(`DELETE FROM in${i} WHERE rowid IN (SELECT r FROM gone)`)
          await run(`INSERT INTO raw${i} SELECT * EXCLUDE (r), -1 FROM gone`)
        }
        await run(`INSERT INTO in${i} SELECT * EXCLUDE (_w) FROM raw${i} WHERE _w > 0`)
        const all = input.columns.map((column) => ident(column.id)).join(', ')
        // Rows that only come each stand for one; of others the net change is told.
        const told = insertOnly[i]
          ? `SELECT ${all}, _w FROM raw${i}`
          : `SELECT ${all}, CAST(sum(_w) AS BIGINT) AS _w FROM raw${i} GROUP BY ALL HAVING sum(_w) <> 0`
        await run(`CREATE OR REPLACE TEMP TABLE d${i} AS ${told}`)
        changed.push((await rows(`SELECT 1 FROM d${i}`)).length > 0)
        // It is not always known.
        added.push(insertOnly[i] === true || ((await rows(`SELECT 1 FROM d${i} WHERE _w < 0`)).length === 0 && random() < 0.8))
      }
      const isFirst = step === firstAt

      if (step >= firstAt && (isFirst || changed.includes(true))) {
        last = []
        const isSmall = traced.isSmall ?? random() < 0.3
        const made = await drive(rule, {
          ...names,
          temp: (name) => `temp.${ident(`temp ${name}`)}`,
          handsOn: handsOn && !isFirst,
          change: 'temp.change',
          mayTell: isSmall && step % 4 > 0,
          at: BigInt(step + 1),
          isFirst,
          isSmall,
          inputs: inputs.map((input, i) =>
            inputOf(i, input.columns, {
              insertOnly: insertOnly[i] === true,
              isOnlyAdded: added[i] === true,
              isFirst,
              isChanged: changed[i] === true,
            }),
          ),
        })
        if (isFirst) await run(`INSERT INTO handed SELECT *, 1 FROM (${rule.rows(names)})`)
        else if (made) {
          const all = op.columns.map((column) => ident(column.id)).join(', ')
          const change = changeIn(made, 'temp.change')
          const twice = await rows(
            `SELECT * FROM (SELECT ${all}, count(*) AS n, min(_w) AS w FROM ${change} GROUP BY ALL) WHERE n > 1 OR w = 0`,
          )
          const gone = isAdded(made) ? await rows(`SELECT * FROM ${change} WHERE _w < 0`) : []
          if (gone.length > 0) throw new Error(`seed ${seed}, step ${step}: rows went: ${gone.join(' ')}\n${last.join(';\n')}`)
          if (twice.length > 0 && !isAdded(made))
            throw new Error(`seed ${seed}, step ${step}: the change is not net: ${twice.join(' ')}\n${last.join(';\n')}`)
          await run(`INSERT INTO handed SELECT ${all}, _w FROM ${change}`)
        }
      }
      if (step < firstAt) continue
      const all = op.columns.map((column) => ident(column.id)).join(', ')
      const right = await rows(truth)
      await same(`rows after step ${step}`, await rows(rule.rows(names)), right)
      if (rule.weighted)
        await same(
          `weighted rows after step ${step}`,
          await rows(
            `SELECT ${all} FROM (SELECT *, unnest(range(CAST(_w AS BIGINT))) FROM (SELECT ${all}, sum(_w) AS _w FROM (${rule.weighted(names)}) GROUP BY ALL))`,
          ),
          right,
        )
      if (!handsOn) continue
      const sum = `SELECT ${all} FROM (SELECT *, unnest(range(CAST(_w AS BIGINT))) FROM (SELECT ${all}, sum(_w) AS _w FROM handed GROUP BY ALL))`
      await same(`the sum of the changes after step ${step}`, await rows(sum), right)
    }
    return last

    async function same(what: string, got: readonly string[], wanted: readonly string[]): Promise<void> {
      if (JSON.stringify(got) === JSON.stringify(wanted)) return
      const only = (some: readonly string[], others: readonly string[]) => {
        const left = [...others]
        return some.filter((row) => {
          const at = left.indexOf(row)
          if (at >= 0) left.splice(at, 1)
          return at < 0
        })
      }
      throw new Error(
        `seed ${seed}: ${what}:\n  too much: ${only(got, wanted).slice(0, 5).join(' ')}\n  missing: ${only(wanted, got).slice(0, 5).join(' ')}\nstatements:\n${last.join(';\n')}`,
      )
    }
    async function drive(one: Rule, context: Run): Promise<Handed> {
      const statements = one.maintain(context)
      let next = statements.next()
      while (!next.done) {
        last.push(next.value)
        const count = await run(next.value)
        // Who asks is told in any batch.
        next = statements.next(context.isSmall && !next.value.startsWith(asked) ? 1 : count)
      }
      return next.value
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

interface Told {
  readonly insertOnly: boolean
  readonly isOnlyAdded: boolean
  readonly isFirst: boolean
  readonly isChanged: boolean
}

function inputOf(i: number, columns: readonly Col[], { insertOnly, isOnlyAdded, isFirst, isChanged }: Told): Input {
  const all = columns.map((column) => ident(column.id)).join(', ')
  const weighted = `(SELECT ${all}, CAST(1 AS BIGINT) AS _w FROM in${i})`
  return {
    columns,
    insertOnly,
    isOnlyAdded,
    isChanged: isFirst || isChanged,
    change: () => (isFirst ? weighted : `temp.d${i}`),
    rows: () => `in${i}`,
    weighted: () => weighted,
    before: () =>
      isFirst
        ? `(SELECT ${all}, CAST(1 AS BIGINT) AS _w FROM in${i} WHERE FALSE)`
        : `(SELECT ${all}, CAST(1 AS BIGINT) AS _w FROM in${i} UNION ALL SELECT ${all}, -_w FROM temp.d${i})`,
    refound: () => {
      throw new Error('Constant rows are not found again')
    },
  }
}

/** A seeded generator of numbers in [0, 1). */
function mulberry(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
