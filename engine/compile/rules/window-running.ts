import { ident, list } from '../../../connectors/store/quote.ts'
import type { Window } from '../algebra/op.ts'
import { ids, renamed } from '../algebra/select-of.ts'
import { isRowOf, pruningOf } from './by-rowid.ts'
import { handOn } from './hand-on.ts'
import { asked, type Handed, type Names, type Rule, type Run, type Traits } from './rule.ts'
import { type Running, runningOf } from './running.ts'
import { freshRows, lastRows, lateKeys, lateRows, numberedRows, rowsThatCame, stateNames, touchedPartitions } from './running-rows.ts'
import { ofTouched, onKeys, withRowid } from './touched.ts'
import { keptRows, netOf, repeated } from './touched-rows.ts'

/**
 * Rule: windows that follow from the rows before (`running.ts`). Let a partition's rows be R, in the windows' order, and Δ come behind
 * all of R. Then the windows of R stay as they are, and those of Δ follow from the windows over Δ alone and from a few values of R's
 * last row: a number goes on from R's count, a sum from R's sum, `lag` of Δ's first row is R's last value. These values are the
 * state, one row a partition; so the batch costs Δ. Rows that tie with R's last are behind it only where no window gives equals one
 * value. Where a row of Δ is not behind R, or one goes, the partition is computed anew from all of its rows, and of these only
 * those that differ are written.
 */
export function planRunning(op: Window, [input]: readonly Traits[]): Rule | undefined {
  const running = runningOf(op)
  if (!running) return undefined
  const insertOnly = input?.insertOnly === true
  const isKeyed = op.partition.length > 0
  const late = insertOnly ? 'a row that comes late' : 'a row that comes late, or goes,'
  return {
    strategy: isKeyed ? (insertOnly && running.isInTime ? 'linear' : 'affected keys') : 'full',
    reason: isKeyed
      ? `window functions that go on from the row before: while rows come in their order only they are computed; ${late} has its partition computed anew`
      : `a window without PARTITION BY: every row is in its one partition; while rows come in its order only they are computed, but for ${late} it is computed anew`,
    state: 'the rows, and of each partition what its last row leaves to the next',
    ...(isKeyed ? {} : { advice: 'PARTITION BY a column, if the question allows it: then a late row costs its own partition only' }),
    insertOnly: false,
    needsRows: [!insertOnly],
    create: (names: Names) => [...keptRows(running.kept).create(names), createState(running, names)],
    rows: ({ table }: Names) => `SELECT ${shownOf(running)} FROM ${table}`,
    *maintain(run) {
      const [one] = run.inputs
      if (!one?.isChanged) return false
      const [came, touched, fresh, state] = [run.temp('came'), run.temp('touched'), run.temp('fresh'), run.side('last')]
      if (run.isFirst) {
        const rows = `(${numberedRows(running, `(${repeated(running.input.columns, one.change())})`)})`
        yield `CREATE OR REPLACE TEMP TABLE ${fresh} AS ${freshRows(running, { rows, isBehind: false })}`
        yield `INSERT INTO ${run.table} SELECT ${ids(running.kept)} FROM ${fresh}`
        yield insertState(running, state, fresh)
        return false
      }
      const weight = insertOnly ? '' : ', _w'
      const change = `SELECT ${ids(running.input.columns)}${weight} FROM ${one.change()}`
      // Of rows that only come all that follows from the batch alone is computed at once: it may be done before the batch's turn.
      const numbered = insertOnly ? numberedRows(running, `(${change})`) : change
      if ((yield `CREATE OR REPLACE TEMP TABLE ${came} AS ${numbered}`) === 0) return false
      yield `CREATE OR REPLACE TEMP TABLE ${touched} AS ${touchedPartitions(running, came, state, !insertOnly)}`
      const behind = insertOnly ? came : `(${numberedRows(running, rowsThatCame(running, came))})`
      yield `CREATE OR REPLACE TEMP TABLE ${fresh} AS ${freshRows(running, { rows: behind, touched: `(FROM ${touched} WHERE NOT _late)`, isBehind: true })}`
      const late = run.temp('late')
      const lateCount = yield `${asked}CREATE OR REPLACE TEMP TABLE ${late} AS ${lateKeys(running, touched, fresh)}`
      if (lateCount > 0) {
        if (running.equals === 'behind if settled') yield `DELETE FROM ${fresh} USING ${late} WHERE ${onKeys(running.partition)}`
        const rows = `(${numberedRows(running, lateRows(running, late, { table: run.table, came, input: one }))})`
        yield `INSERT INTO ${fresh} ${freshRows(running, { rows, touched, isBehind: false })}`
      }
      const isChanged = lateCount > 0 ? yield* replaceLate(running, run, fresh, late) : yield* addRows(running, run, fresh)
      const names = stateNames(running).slice(running.partition.length)
      yield `UPDATE ${state} AS s SET ${names.map((name) => `${ident(name)} = f.${ident(name)}`).join(', ')} FROM (${lastRows(running, fresh)}) AS f WHERE s.rowid = f._rid`
      yield insertState(running, state, fresh)
      if (!insertOnly && lateCount > 0)
        yield `DELETE FROM ${state} AS s USING (SELECT _rid FROM ${touched} WHERE _late AND _rid IS NOT NULL EXCEPT SELECT _rid FROM ${fresh}) AS g WHERE s.rowid = g._rid`
      return isChanged
    },
  }
}

/** The operator's columns, of what is kept. */
function shownOf({ op, rootOf }: Running): string {
  return renamed(op.columns.map(rootOf), op.columns)
}

/** Its types are those of what will be kept. */
function createState(running: Running, { side }: Names): string {
  const none = running.input.columns.map((column) => `CAST(NULL AS ${column.type}) AS ${ident(column.id)}`).join(', ')
  const rows = freshRows(running, { rows: `(${numberedRows(running, `(SELECT ${none} WHERE FALSE)`)})`, isBehind: false })
  return `CREATE TABLE ${side('last')} AS SELECT ${list(stateNames(running))} FROM (${lastRows(running, `(${rows})`)})`
}

/** Of partitions that were not there before. */
function insertState(running: Running, state: string, fresh: string): string {
  return `INSERT INTO ${state} SELECT ${list(stateNames(running))} FROM (${lastRows(running, fresh)}) WHERE _rid IS NULL`
}

/** The rows that came behind those of their partition; `isNet`: equal ones as one. */
function added(running: Running, fresh: string, isNet: boolean): string {
  const shown = shownOf(running)
  if (running.isNumbered || !isNet) return `SELECT ${shown}, CAST(1 AS BIGINT) AS _w FROM ${fresh}`
  return `SELECT ${shown}, count(*) AS _w FROM ${fresh} GROUP BY ${ids(running.op.columns.map(running.rootOf))}`
}

/** Rows are only added. */
function* addRows(running: Running, run: Run, fresh: string): Generator<string, Handed, number> {
  const handed = run.handsOn && (yield* handOn(run, added(running, fresh, false), true))
  yield `INSERT INTO ${run.table} SELECT ${ids(running.kept)} FROM ${fresh}`
  return handed
}

/** Some partitions were computed anew: their rows are compared with those that are kept. */
function* replaceLate(running: Running, run: Run, fresh: string, late: string): Generator<string, Handed, number> {
  const { op, kept, rootOf, partition } = running
  const cells = ids(kept)
  const net = run.temp('difference')
  const behind = `(FROM ${fresh} WHERE NOT _anew)`
  const were = `SELECT ${cells}, -1, _r FROM ${ofTouched(withRowid(run.table), late, partition)}`
  const both = `SELECT ${cells}, 1 AS _w, CAST(NULL AS BIGINT) AS _r FROM ${fresh} WHERE _anew UNION ALL ${were}`
  yield `CREATE OR REPLACE TEMP TABLE ${net} AS SELECT ${cells}, CAST(sum(_w) AS BIGINT) AS _w, list(_r) FILTER (WHERE _r IS NOT NULL) AS _r FROM (${both}) GROUP BY ${cells} HAVING sum(_w) <> 0`
  let handed: Handed = false
  if (run.handsOn) {
    const changes = `${added(running, behind, true)} UNION ALL SELECT ${shownOf(running)}, _w FROM ${net}`
    // Rows that differ only in what is not shown are one.
    const shown = new Set(op.columns.map((column) => rootOf(column).id))
    const isWider = kept.some(({ id }) => !shown.has(id))
    handed = yield* handOn(run, isWider ? netOf(op.columns, `(${changes})`) : changes)
  }
  yield `DELETE FROM ${run.table} AS t USING (SELECT ${[...pruningOf(kept), 'unnest(list_slice(_r, 1, -_w)) AS _r'].join(', ')} FROM ${net} WHERE _w < 0) AS g WHERE ${isRowOf('t', 'g', kept, '_r')}`
  yield `INSERT INTO ${run.table} SELECT ${cells} FROM ${behind} UNION ALL ${repeated(kept, net, ' WHERE _w > 0')}`
  return handed
}
