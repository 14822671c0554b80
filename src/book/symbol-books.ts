/** The two ladders of each symbol that holds an order, brought up to date from the level sums. */
import type { ChangedLevels } from './changed-levels.js'
import { Ladder } from './ladder.js'
import type { Levels } from './levels.js'
import { BUY, SELL, type Side } from './order-event.js'

/** The two ladders of one symbol. */
export interface Book {
  readonly symbol: string
  readonly bids: Ladder
  readonly asks: Ladder
}

interface NumberedBook extends Book {
  /** This book's bids are ladder `2 × number`, its asks the one after. */
  readonly number: number
}

/** Ladders are known to the levels by number, so that a level need not hold its symbol. */
export class SymbolBooks {
  readonly #levels: Levels
  readonly #bySymbol = new Map<string, NumberedBook>()
  readonly #byNumber: (NumberedBook | undefined)[] = []
  readonly #freeNumbers: number[] = []
  readonly #changedLevels: ChangedLevels | undefined
  #changed = new Set<string>()

  /** @param changedLevels is told of each level whose change reaches its ladder, where somebody asks */
  constructor(levels: Levels, changedLevels?: ChangedLevels) {
    this.#levels = levels
    this.#changedLevels = changedLevels
  }

  /** The number of a ladder, which is made where there is none. */
  ladderNumber(symbol: string, side: Side): number {
    const book = this.#bySymbol.get(symbol) ?? this.#add(symbol)
    return book.number * 2 + side
  }

  symbolOf(ladderNumber: number): string {
    return this.#byNumber[ladderNumber >>> 1]!.symbol
  }

  all(): Iterable<Book> {
    return this.#bySymbol.values()
  }

  get(symbol: string): Book | undefined {
    return this.#bySymbol.get(symbol)
  }

  /** The symbols whose ladders changed since the last call, emptied ones included. */
  takeChanged(): Set<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  /**
   * Brings the ladders up to date, or a part of the way where more than `limit` levels have
   * changed; each of them costs one step in its B-tree.
   */
  update(limit = Number.POSITIVE_INFINITY): void {
    this.#levels.takeChanged((level, isLeft) => {
      const ladderNumber = this.#levels.ladderOf(level)
      const book = this.#byNumber[ladderNumber >>> 1]!
      const side = (ladderNumber & 1) === BUY ? BUY : SELL
      const ladder = side === BUY ? book.bids : book.asks
      const price = this.#levels.priceOf(level)
      if (isLeft) ladder.set(price, this.#levels.amountOf(level))
      else ladder.delete(price)
      this.#changed.add(book.symbol)
      this.#changedLevels?.note({ symbol: book.symbol, side, price })
    }, limit)
    // A ladder that looks empty may have levels that are yet to be put into it.
    if (this.#levels.changedCount > 0) return
    for (const symbol of this.#changed) this.#dropIfEmpty(symbol)
  }

  #add(symbol: string): NumberedBook {
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length
    const book = { symbol, number, bids: new Ladder(BUY), asks: new Ladder(SELL) }
    this.#byNumber[number] = book
    this.#bySymbol.set(symbol, book)
    return book
  }

  #dropIfEmpty(symbol: string): void {
    const book = this.#bySymbol.get(symbol)
    if (book === undefined || book.bids.size > 0 || book.asks.size > 0) return
    this.#bySymbol.delete(symbol)
    this.#byNumber[book.number] = undefined
    this.#freeNumbers.push(book.number)
  }
}
