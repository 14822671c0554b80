/** One tick as the server knows it: read from a message of the output topic, and as the data of a stream event. */
import { parseTickMessage, type TickRow } from '../wire/tick-message.js'
import type { TickRecord } from './ports.js'

/** Price, amount, total and running sum, every digit as the message has it. */
export type LevelText = readonly [price: string, amount: string, total: string, cumSum: string]

export interface BookText {
  readonly bids: readonly LevelText[]
  readonly asks: readonly LevelText[]
}

export interface Tick {
  /** Epoch second. */
  readonly tick: number
  readonly missed: number
  readonly rejected: number
  /** Symbols whose best bid is at or above their best ask. */
  readonly crossed: readonly string[]
  readonly incomplete: boolean
  /** `held` while the job's clock is behind its ticks. */
  readonly clock: string | null
  /** How long after its second it came; null where it was read later. */
  readonly latenessMs: number | null
  /** Records of the input that the books are made of; undefined where the message does not say. */
  readonly records: number | undefined
  readonly offsets: readonly number[]
  readonly books: ReadonlyMap<string, BookText>
}

/**
 * Reads a message of the output topic; a text says what is wrong with it.
 *
 * @param arrivedMs when it came, where it was waited for
 */
export function readTick(record: TickRecord, arrivedMs: number | undefined): Tick | string {
  const { headers, timestampMs, text } = record
  const tick = wholeNumber(headers.tick) ?? Math.floor(timestampMs / 1000)
  if (!(tick > 0 && tick < MAX_TICK)) return `${tick} is no second of a tick`
  // Kafka takes no time far from its own, so a header that it agrees with cannot hold up what follows.
  if (tick !== Math.floor(timestampMs / 1000)) return `tick ${tick} lies in another second's record`
  if (text === undefined && headers.by_symbol !== undefined) {
    return `tick ${tick} was too large for a message: its books are in ${headers.by_symbol}`
  }
  const rows = text === undefined ? undefined : parseTickMessage(text)
  if (rows === undefined) return `the message of tick ${tick} is no tick message`
  if (rows.some(hasAbsurdNumber)) return `tick ${tick} has numbers that no order can have`
  const offsets = readOffsets(headers.offsets)
  return {
    tick,
    missed: wholeNumber(headers.missed) ?? 0,
    rejected: wholeNumber(headers.rejected) ?? 0,
    crossed: readCrossed(headers.crossed),
    incomplete: headers.incomplete !== undefined,
    clock: headers.clock ?? null,
    latenessMs: arrivedMs === undefined ? null : Math.max(0, Math.round(arrivedMs - tick * 1000)),
    records: offsets?.reduce((sum, offset) => sum + offset, 0),
    offsets: offsets ?? [],
    books: booksOf(rows),
  }
}

/** Prices and sizes have 36 digits and a point at most, sums of very many of them some more. */
const LONGEST_NUMBER = 100

function hasAbsurdNumber({ price, amount, total, cumSum }: TickRow): boolean {
  return [price, amount, total, cumSum].some((number) => number.length > LONGEST_NUMBER)
}

/** Up to here an epoch second is a valid date. */
const MAX_TICK = 8_640_000_000_000

/** The object that a stream's tick event and the ticks in memory hold. */
export interface TickData {
  readonly tick: number
  readonly as_of: string
  readonly missed: number
  readonly rejected: number
  readonly crossed: readonly string[]
  readonly incomplete: boolean
  readonly clock: string | null
  readonly lateness_ms: number | null
  readonly books: Readonly<Record<string, BookText>>
}

export function tickData(tick: Tick): TickData {
  return {
    tick: tick.tick,
    as_of: isoSecond(tick.tick),
    missed: tick.missed,
    rejected: tick.rejected,
    crossed: tick.crossed,
    incomplete: tick.incomplete,
    clock: tick.clock,
    lateness_ms: tick.latenessMs,
    books: Object.fromEntries(tick.books),
  }
}

/** Such as 2026-11-20T22:57:00Z. */
export function isoSecond(tick: number): string {
  return new Date(tick * 1000).toISOString().replace('.000Z', 'Z')
}

function booksOf(rows: readonly TickRow[]): ReadonlyMap<string, BookText> {
  const books = new Map<string, { bids: LevelText[]; asks: LevelText[] }>()
  for (const { symbol, side, price, amount, total, cumSum } of rows) {
    let book = books.get(symbol)
    if (book === undefined) {
      book = { bids: [], asks: [] }
      books.set(symbol, book)
    }
    const levels = side.startsWith('buy') ? book.bids : book.asks
    levels.push([price, amount, total, cumSum])
  }
  return books
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function readOffsets(text: string | undefined): number[] | undefined {
  if (text === undefined || !/^\{("\d{1,6}":\d{1,15}(,"\d{1,6}":\d{1,15})*)?\}$/.test(text)) {
    return undefined
  }
  return [...text.matchAll(/:(\d+)/g)].map(([, digits]) => Number(digits))
}

/** A header from outside: what is no list of texts counts as none. */
function readCrossed(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(value)) return []
    return value.filter((symbol): symbol is string => typeof symbol === 'string')
  } catch {
    return []
  }
}
