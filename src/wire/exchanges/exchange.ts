/** What the program must know of an exchange; each has a file of its own that says it. */
import type { Ladder } from '../../book/ladder.js'
import type { EpochMs } from '../exchange-records.js'

export interface Exchange {
  /** As in flags and records, such as `coinbase`. */
  readonly name: string
  /** Scheme and host to ask where no other is configured. */
  readonly origin: string
  /** Market, such as `BTC-USD`, → path and query of the request for its book. */
  readonly paths: ReadonlyMap<string, string>
  /** Reads the body of an answer, whatever bytes it holds. */
  readBook(body: Uint8Array): ExchangeBook | Unreadable
  /** True where an answer with HTTP 200 is an error that may pass; its first 256 bytes are enough. */
  asksToRetry?(bodyStart: Uint8Array): boolean
}

/** A book as an exchange gives it; either side may be empty, and they may cross. */
export interface ExchangeBook {
  readonly bids: Ladder
  readonly asks: Ladder
  /** The book's own time, cut to the millisecond; undefined where the body carries none. */
  readonly bookAtMs: EpochMs | undefined
  readonly isInAuction: boolean
}

/** Why a body gives no book. */
export interface Unreadable {
  readonly reason: 'invalid_body' | 'exchange_error' | 'unsorted'
  /** In words, at most 200 characters. */
  readonly detail: string
}

export function invalidBody(detail: string): Unreadable {
  return { reason: 'invalid_body', detail: shorten(detail) }
}

/** @param message text, or text in an array or object, as the exchange gave it */
export function exchangeError(message: unknown): Unreadable {
  const parts = isContainer(message) ? Object.values(message).flat() : [message]
  const words = parts.filter((part) => typeof part === 'string').join(', ')
  return { reason: 'exchange_error', detail: shorten(words === '' ? 'no message' : words) }
}

const MAX_DETAIL = 200
/** An exchange's words may reach a terminal, which would obey these. */
const CONTROLS = /[\p{Cc}\p{Cf}]+/gu
const LONGEST_SHOWN = 40

/** Text of at most 200 characters without control characters or half a surrogate pair, as the records' details must be. */
export function shorten(text: string): string {
  const clean = text.replace(CONTROLS, ' ')
  const cut = clean.length <= MAX_DETAIL ? clean : `${clean.slice(0, MAX_DETAIL - 1)}…`
  return cut.toWellFormed()
}

/** A JSON value in a few characters, for details. It does not descend, for values may be nested very deep. */
export function show(value: unknown): string {
  if (isContainer(value)) return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value !== 'string') return value === undefined ? 'missing' : String(value)
  return JSON.stringify(value.length <= LONGEST_SHOWN ? value : `${value.slice(0, LONGEST_SHOWN)}…`)
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
