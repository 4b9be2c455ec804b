import { aggregate } from './aggregates.ts'
import { where } from './expressions.ts'
import { any, as, column, type Form, is, key, type Scope, sure, tail } from './relation.ts'
import { tying } from './ties.ts'

function bucket(x: Scope, time: string): string {
  return x.c.pick([
    `time_bucket(INTERVAL '10 minutes', ${time})`,
    `date_trunc('hour', ${time})`,
    `time_bucket(INTERVAL '1 day', ${time})`,
    `time_bucket(INTERVAL '10 minutes', ${time}, INTERVAL '3 minutes')`,
    `CAST(${time} AS DATE)`,
  ])
}

/** Windows of time, over whichever stamps the events bring. */
export const timeForms: readonly Form[] = [
  {
    name: 'tumbling windows',
    make: (x) => {
      const time = column(x, x.from, is.stamp)
      if (time === undefined) return undefined
      return `SELECT ${bucket(x, time)} AS win, ${as(x, aggregate(x))}, count(*) AS n FROM ${x.from.name}${where(x)} GROUP BY win`
    },
  },
  {
    name: 'tumbling windows by key',
    make: (x) => {
      const time = column(x, x.from, is.stamp)
      if (time === undefined) return undefined
      return `SELECT ${bucket(x, time)} AS win, ${as(x, key(x, x.from))}, ${as(x, aggregate(x))} FROM ${x.from.name}${where(x)} GROUP BY ALL`
    },
  },
  {
    name: 'windows by the time of the append',
    make: (x) =>
      x.from.kind === 'stream'
        ? `SELECT date_trunc('${x.c.pick(['hour', 'second'])}', _time) AS win, ${as(x, aggregate(x))} FROM ${x.from.name} GROUP BY win`
        : undefined,
  },
  {
    name: 'hopping windows',
    make: (x) => {
      const time = column(x, x.from, is.stamp)
      if (time === undefined) return undefined
      const starts = `unnest(range(time_bucket(INTERVAL '5 minutes', ${time}) - INTERVAL '10 minutes', ${time} + INTERVAL '1 second', INTERVAL '5 minutes'))`
      return `SELECT win, ${as(x, 'g')}, count(*) AS n, max(moment) AS latest FROM (SELECT ${starts} AS win, ${key(x, x.from)} AS g, ${time} AS moment FROM ${x.from.name}${where(x)}) AS hops GROUP BY win, g`
    },
  },
  {
    name: 'sessions',
    make: (x) => {
      const time = column(x, x.from, is.stamp)
      if (time === undefined) return undefined
      const by = x.c.chance(2) ? sure(x, x.from) : key(x, x.from)
      const shown = `${by} AS g, ${time} AS moment, coalesce(${time} - lag(${time}) OVER (PARTITION BY ${by} ORDER BY ${time}${tail('r')}) > INTERVAL '10 minutes', true) AS opens`
      const marked = tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r WHERE ${time} IS NOT NULL` })
      const numbered = `SELECT g, moment, count(*) FILTER (WHERE opens) OVER (PARTITION BY g ORDER BY moment) AS session FROM (${marked}) AS marked`
      return `SELECT g, session, min(moment) AS begins, max(moment) AS ends, count(*) AS n FROM (${numbered}) AS numbered GROUP BY g, session`
    },
  },
  {
    name: 'events within an interval of each other',
    make: (x) => {
      const time = column(x, x.from, is.stamp)
      if (time === undefined || x.from.rows > 80) return undefined
      return `SELECT p.${time} AS moment, count(*) AS n FROM ${x.from.name} AS p JOIN ${x.from.name} AS q ON ${key(x, x.from, 'p.')} = ${key(x, x.from, 'q.')} AND q.${time} BETWEEN p.${time} AND p.${time} + INTERVAL '10 minutes' GROUP BY moment`
    },
  },
  {
    name: 'runs of one value',
    make: (x) => {
      const [by, own] = [x.c.chance(2) ? sure(x, x.from, 'r.') : any(x, x.from, 'r.'), any(x, x.from, 'r.')]
      const late = column(x, x.from, is.sortable, 'r.') ?? any(x, x.from, 'r.')
      const at = x.from.kind === 'stream' ? x.c.pick(['r._offset', late]) : late
      const shown = `${by} AS g, ${at} AS o, CASE WHEN lag(${own}) OVER (PARTITION BY ${by} ORDER BY ${at}${tail('r')}) IS DISTINCT FROM ${own} THEN 1 ELSE 0 END AS opens`
      const marked = tying({ of: { r: x.from }, shown, from: `${x.from.name} AS r` })
      const numbered = `SELECT g, o, sum(opens) OVER (PARTITION BY g ORDER BY o) AS run FROM (${marked}) AS marked`
      return `SELECT g, run, count(*) AS n, min(o) AS begins, max(o) AS ends FROM (${numbered}) AS numbered GROUP BY g, run`
    },
  },
]
