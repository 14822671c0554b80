/** When a request is worth repeating, and after how long. */
import type { Try } from './request.js'

const FIRST_PAUSE_MS = 250

/** True where the same request may well succeed within seconds. */
export function isWorthRepeating({ error, status }: Try): boolean {
  if (error === 'connection_failed' || error === 'cut_off') return true
  return error === 'http_status' && (status === 429 || status! >= 500)
}

/** A quarter of a second, doubled each time; half of it is left to chance, lest all come back at once. */
export function backoffMs(repetition: number, random: () => number): number {
  return FIRST_PAUSE_MS * 2 ** repetition * (0.5 + random() / 2)
}

/** What a Retry-After header asks for, in seconds or as an HTTP date; undefined where it is neither. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  // Date.parse alone takes many a text for a date, `1.5` among them.
  const at = /\bGMT$/.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
