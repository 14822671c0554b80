/** The tick message: one JSON array of ranked levels, byte-exact, and its rows read back. */

import { isCrossed, type RankedLevel, ranked } from '../book/depth.js'
import type { Book } from '../book/symbol-books.js'
import { ByteWriter } from './byte-writer.js'
import { finish, type Steps } from './steps.js'

/** So many levels are brought up to date, or printed, in a millisecond or two. */
const STEP_LEVELS = 2_000
/** A message is rarely longer than the one before by more than this. */
const SPARE_BYTES = 64 * 1024

const COMMA = 44
const OPENING = 91
const CLOSING = 93
const encoder = new TextEncoder()
const SELL_SIDE = encoder.encode('sell_')
const BUY_SIDE = encoder.encode('buy_')
const PRICE = encoder.encode('","price":')
const AMOUNT = encoder.encode(',"amount":')
const TOTAL = encoder.encode(',"total":')
const CUM_SUM = encoder.encode(',"cum_sum":')
const ROW_END = encoder.encode('}')

/** What a message is printed of: order books, or several partitions' books added up. */
export interface PrintableBooks {
  /** How many levels changed since the ladders were last brought up to date. */
  readonly pendingLevels: number
  /** Brings the ladders up to date, at most `limit` levels of them. */
  update(limit: number): void
  /** The symbols whose ladders changed since the last call, emptied ones included. */
  takeChangedSymbols(): Set<string>
  /** Undefined where the symbol holds no order. */
  book(symbol: string): Book | undefined
}

/** Prints the books again and again, each time only those that changed since the last. */
export class TickPrinter {
  readonly #books: PrintableBooks
  readonly #levels: number
  readonly #stepLevels: number
  readonly #writer = new ByteWriter()
  /** By symbol, where the rows of its book lie in the message. */
  readonly #places = new Map<string, { start: number; end: number }>()
  #message: Uint8Array = new Uint8Array(0)
  #symbols: string[] = []
  #crossed = new Set<string>()
  #onChange: ((symbol: string) => void) | undefined
  /** Levels done since the last step. */
  #done = 0

  /**
   * @param levels how many levels a side at most; Infinity for all
   * @param stepLevels how many levels a step of {@link steps} takes at most
   */
  constructor(books: PrintableBooks, levels: number, stepLevels = STEP_LEVELS) {
    this.#books = books
    this.#levels = levels
    this.#stepLevels = stepLevels
  }

  /** The message for the books as they are now: symbols ascending, nothing around the array. */
  print(): string {
    return new TextDecoder().decode(finish(this.steps()))
  }

  /**
   * As {@link print}, in steps of some milliseconds: the message of thousands of symbols would
   * hold up all else for too long. No event may be applied before the last step is done.
   *
   * @returns the message in UTF-8
   */
  *steps(): Steps<Uint8Array> {
    for (;;) {
      this.#books.update(this.#stepLevels)
      if (this.#books.pendingLevels === 0) break
      yield
    }
    const changed = this.#books.takeChangedSymbols()
    const crossed = new Set(this.#crossed)
    let isSorted = true
    for (const symbol of changed) {
      const book = this.#books.book(symbol)
      if (this.#places.has(symbol) !== (book !== undefined)) isSorted = false
      if (book === undefined) this.#places.delete(symbol)
      else if (!this.#places.has(symbol)) this.#places.set(symbol, { start: 0, end: 0 })
      if (book !== undefined && isCrossed(book)) crossed.add(symbol)
      else crossed.delete(symbol)
      this.#onChange?.(symbol)
    }
    if (!isSorted) this.#symbols = [...this.#places.keys()].sort()
    this.#message = yield* this.#printAll(changed)
    this.#crossed = crossed
    return this.#message
  }

  /** Names each symbol of the message printed last, and from then on each that differs from the one before. */
  watch(onChange: (symbol: string) => void): void {
    this.#onChange = onChange
    for (const symbol of this.#symbols) onChange(symbol)
  }

  /** A symbol's part of the message printed last as an array by itself; null where its book is empty. */
  ladder(symbol: string): Uint8Array | null {
    const place = this.#places.get(symbol)
    if (place === undefined) return null
    const { start, end } = place
    const ladder = new Uint8Array(end - start + 2)
    ladder[0] = OPENING
    ladder.set(this.#message.subarray(start, end), 1)
    ladder[ladder.length - 1] = CLOSING
    return ladder
  }

  /** What the message printed last is made of, for the error that says it is too large. */
  describeSize(): string {
    const levels = Number.isFinite(this.#levels) ? this.#levels : 'all'
    return `${this.#symbols.length} symbols × ${levels} levels a side`
  }

  /** The symbols whose best bid is at or above their best ask in the message printed last. */
  get crossed(): string[] {
    return [...this.#crossed].sort()
  }

  /** Changed books are printed, the rows of all others copied from the message before. */
  *#printAll(changed: ReadonlySet<string>): Steps<Uint8Array> {
    const writer = this.#writer
    const before = this.#message
    writer.begin(before.length + SPARE_BYTES)
    writer.byte(OPENING)
    for (const symbol of this.#symbols) {
      if (writer.length > 1) writer.byte(COMMA)
      const place = this.#places.get(symbol)!
      const start = writer.length
      if (changed.has(symbol)) yield* this.#printBook(this.#books.book(symbol)!)
      else writer.copy(before.subarray(place.start, place.end))
      place.start = start
      place.end = writer.length
      if (this.#isStepDone()) yield
    }
    writer.byte(CLOSING)
    return writer.take()
  }

  /** The rows of one book without brackets: buy_1, sell_1, buy_2 …; the longer side goes on alone. */
  *#printBook(book: Book): Steps<void> {
    // A symbol needs no escaping: its pattern leaves no character that JSON would escape.
    const start = encoder.encode(`{"symbol":"${book.symbol}","side":"`)
    const bids = ranked(book.bids, this.#levels)
    const asks = ranked(book.asks, this.#levels)
    for (let isFirst = true; ; isFirst = false) {
      const bid = bids.next()
      const ask = asks.next()
      if (bid.done && ask.done) return
      if (!isFirst) this.#writer.byte(COMMA)
      if (!bid.done) this.#printRow(start, BUY_SIDE, bid.value)
      if (!bid.done && !ask.done) this.#writer.byte(COMMA)
      if (!ask.done) this.#printRow(start, SELL_SIDE, ask.value)
      if (this.#isStepDone()) yield
    }
  }

  #printRow(start: Uint8Array, side: Uint8Array, level: RankedLevel): void {
    const writer = this.#writer
    writer.bytes(start)
    writer.bytes(side)
    writer.decimal({ units: level.rank, scale: 0 })
    writer.bytes(PRICE)
    writer.decimal(level.price)
    writer.bytes(AMOUNT)
    writer.decimal(level.amount)
    writer.bytes(TOTAL)
    writer.decimal(level.total)
    writer.bytes(CUM_SUM)
    writer.decimal(level.cumSum)
    writer.bytes(ROW_END)
  }

  /** Counts a pair of rows, or the copy of a symbol's rows, which takes about as long. */
  #isStepDone(): boolean {
    this.#done += 2
    if (this.#done < this.#stepLevels) return false
    this.#done = 0
    return true
  }
}

/** One row of a tick message; the numbers are kept as the text that the message holds. */
export interface TickRow {
  readonly symbol: string
  /** `buy_1`, `sell_1`, … */
  readonly side: string
  readonly price: string
  readonly amount: string
  readonly total: string
  readonly cumSum: string
}

const NUMBER = '((?:0|[1-9]\\d*)(?:\\.\\d*[1-9])?)'
const ROW = new RegExp(
  `\\{"symbol":"([A-Za-z0-9][A-Za-z0-9._/:-]{0,31})","side":"((?:buy|sell)_[1-9]\\d*)","price":${NUMBER}` +
    `,"amount":${NUMBER},"total":${NUMBER},"cum_sum":${NUMBER}\\}`,
  'y',
)

/**
 * Reads a tick message back, digits untouched; undefined where the text is not
 * one. JSON.parse would round its numbers, so the exact form is matched instead.
 */
export function parseTickMessage(text: string): TickRow[] | undefined {
  if (text === '[]') return []
  const rows: TickRow[] = []
  let at = 0
  while (text[at] === (at === 0 ? '[' : ',')) {
    ROW.lastIndex = at + 1
    const match = ROW.exec(text)
    if (match === null) return undefined
    const [, symbol = '', side = '', price = '', amount = '', total = '', cumSum = ''] = match
    rows.push({ symbol, side, price, amount, total, cumSum })
    at = ROW.lastIndex
  }
  return text[at] === ']' && at === text.length - 1 && rows.length > 0 ? rows : undefined
}
