/** Numbers, times and places as people read them. Pure: text only. */
import type { PositionJson } from '../../engine/serve/service.ts'

/** `3000000` → `3,000,000`, whatever the machine's language is. */
export function formatCount(count: number | bigint | string): string {
  return BigInt(typeof count === 'number' ? Math.round(count) : count).toLocaleString('en-US')
}

/** `1234567` → `1.23M/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 999_500) return `${(perSecond / 1e6).toPrecision(3)}M/s`
  if (perSecond >= 1_000) return `${(perSecond / 1e3).toPrecision(3)}k/s`
  return `${Math.round(perSecond)}/s`
}

/** `3725.4` → `1 h 2 min`; below a minute in seconds, below ten with one decimal. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}

/** `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return step === 0 ? `${bytes} B` : `${(bytes / 2 ** (10 * step)).toFixed(1)} ${units[step]}`
}

/** Next offsets: `flights 0:1200 1:1180, shop 0:7`; `the beginning` when nothing was read. */
export function formatPosition(position: PositionJson): string {
  const streams = Object.entries(position).map(
    ([stream, offsets]) => `${stream} ${offsets.map((offset, partition) => `${partition}:${offset}`).join(' ')}`,
  )
  return streams.length === 0 ? 'the beginning' : streams.join(', ')
}

/** `1 event`, `2 events`. */
export function formatMany(count: number, noun: string): string {
  return `${formatCount(count)} ${count === 1 ? noun : `${noun}s`}`
}

/** A value in one cell. Control characters are shown and not sent: data must not steer the reader's terminal. */
export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.replace(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    (found) => escapes[found] ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
