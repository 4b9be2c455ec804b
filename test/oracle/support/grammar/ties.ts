import { type Known, tail, viewText } from './relation.ts'

const place = ['_type', '_key', '_time', '_partition', '_offset'] as const

/** The clauses of a SELECT whose windows may tie. `of`: what its FROM offers, by alias. */
export interface Tying {
  readonly of: Readonly<Record<string, Known>>
  readonly shown: string
  readonly from: string
  readonly qualify?: string
  /** Windows may order the rows differently: `of` has one relation, whose equal rows are told apart. */
  readonly isTotal?: boolean
}

/**
 * A SELECT whose ties are broken by `tail(alias, …)`: for the recomputation each alias becomes the columns of its relation that the
 * SELECT shows or looks at behind WHERE, in the relation's order, or the event's place where partition and offset are among these. The
 * whole row stays where there is a star, and for subqueries. `isTotal`: events by their places, and of all else the equal rows are numbered.
 */
export function tying({ of, shown, from, qualify, isTotal = false }: Tying): string {
  const seen = viewText(`${shown} ${qualify ?? ''}`).replaceAll('count(*)', '')
  const apart = Object.entries(of).flatMap(([alias, known]) => {
    if (isTotal) return known.kind === 'stream' ? [`${alias}._partition`, `${alias}._offset`] : [alias]
    if (known.kind === 'query' || seen.includes('*')) return [alias]
    const own = known.columns.map((column) => `"${column.name}"`).filter((name) => seen.includes(name))
    const isPlaced = known.kind === 'stream' && ['_partition', '_offset'].every((name) => new RegExp(`\\b${name}\\b`).test(seen))
    if (isPlaced) return [`${alias}._partition`, `${alias}._offset`]
    const placed = known.kind === 'stream' ? place.filter((name) => new RegExp(`\\b${name}\\b`).test(seen)) : []
    return [...own, ...placed].map((name) => `${alias}.${name}`)
  })
  const broken = (clause: string) => clause.replaceAll(tail(...Object.keys(of)), apart.length > 0 ? tail(...apart) : '')
  return `SELECT ${broken(shown)} FROM ${from}${qualify === undefined ? '' : ` QUALIFY ${broken(qualify)}`}`
}

/** FROM item whose equal rows the recomputation tells apart by a number. */
export function numbered(known: Known, alias: string): string {
  if (known.kind === 'stream') return `${known.name} AS ${alias}`
  return `«|(SELECT *, row_number() OVER (PARTITION BY own) AS twin FROM »${known.name} AS «${alias}|own) AS ${alias}»`
}
