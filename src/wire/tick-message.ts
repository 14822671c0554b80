/** The tick message: one JSON array of ranked levels, byte-exact, and its rows read back. */

import { toText } from '../book/decimal.js'
import { isCrossed, type RankedLevel, rank } from '../book/depth.js'
import type { OrderBooks } from '../book/order-books.js'
import type { Book } from '../book/symbol-books.js'

/** Prints the books again and again, each time only those that changed since the last. */
export class TickPrinter {
  readonly #books: OrderBooks
  readonly #levels: number
  readonly #rows = new Map<string, string>()
  readonly #crossed = new Set<string>()
  #symbols: string[] = []

  /** @param levels how many levels a side at most; Infinity for all */
  constructor(books: OrderBooks, levels: number) {
    this.#books = books
    this.#levels = levels
  }

  /** The message for the books as they are now: symbols ascending, nothing around the array. */
  print(): string {
    let isSorted = true
    for (const symbol of this.#books.takeChangedSymbols()) {
      const book = this.#books.book(symbol)
      if (this.#rows.has(symbol) !== (book !== undefined)) isSorted = false
      this.#crossed.delete(symbol)
      if (book === undefined) this.#rows.delete(symbol)
      else this.#rows.set(symbol, printBook(book, this.#levels))
      if (book !== undefined && isCrossed(book)) this.#crossed.add(symbol)
    }
    if (!isSorted) this.#symbols = [...this.#rows.keys()].sort()
    return `[${this.#symbols.map((symbol) => this.#rows.get(symbol)).join(',')}]`
  }

  get symbolCount(): number {
    return this.#symbols.length
  }

  /** The symbols whose best bid is at or above their best ask in the message printed last. */
  get crossed(): string[] {
    return [...this.#crossed].sort()
  }
}

/** The rows of one book without brackets: buy_1, sell_1, buy_2 …; the longer side goes on alone. */
function printBook(book: Book, levels: number): string {
  const bids = rank(book.bids, levels)
  const asks = rank(book.asks, levels)
  const rows: string[] = []
  for (let index = 0; index < Math.max(bids.length, asks.length); index++) {
    const bid = bids[index]
    const ask = asks[index]
    if (bid !== undefined) rows.push(printRow(book.symbol, 'buy', bid))
    if (ask !== undefined) rows.push(printRow(book.symbol, 'sell', ask))
  }
  return rows.join(',')
}

/** A symbol needs no escaping: its pattern leaves no character that JSON would escape. */
function printRow(symbol: string, side: 'buy' | 'sell', level: RankedLevel): string {
  return (
    `{"symbol":"${symbol}","side":"${side}_${level.rank}","price":${toText(level.price)}` +
    `,"amount":${toText(level.amount)},"total":${toText(level.total)}` +
    `,"cum_sum":${toText(level.cumSum)}}`
  )
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
