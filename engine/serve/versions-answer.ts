/** What is told of a view's versions; JSON. */

export interface VersionInfo {
  readonly view: string
  readonly kind: 'sql' | 'fold'
  /** Fingerprint of the definition and of all that it reads. */
  readonly version: string
  /** `public`: the name points at it; `previous`: it did before, and is kept up to date; `ready`: it may, when it is promoted. */
  readonly role: 'public' | 'previous' | 'ready'
  readonly state: 'live' | 'building' | 'failed'
  /** It is what the project's files declare. */
  readonly declared: boolean
  readonly rows: number | null
  /** Bytes of its own table and side tables in DuckDB's file; parts that it shares are not counted. */
  readonly bytes: number | null
  readonly error?: string
}

/** A name that points at another version now. */
export interface Moved {
  readonly view: string
  readonly version: string
  /** Null: nothing was public. */
  readonly before: string | null
}

/** A version of a view that is kept no more. */
export interface Discarded {
  readonly view: string
  readonly version: string
}
