/** The books of all partitions added up: each level is the exact sum of its parts. */
import type { LevelPlace } from './changed-levels.js'
import { add, type Decimal, toText, ZERO } from './decimal.js'
import { Ladder } from './ladder.js'
import { BUY, SELL } from './order-event.js'
import type { Book } from './symbol-books.js'

interface MergedLevel extends LevelPlace {
  /** By partition; those that have nothing there are left out. */
  readonly parts: Map<number, Decimal>
}

export class MergedBooks {
  readonly #books = new Map<string, Book>()
  /** By what names it. */
  readonly #levels = new Map<string, MergedLevel>()
  /** Those whose sum is not in the ladders yet. */
  readonly #changed = new Map<string, MergedLevel>()
  #changedSymbols = new Set<string>()

  /** How many levels changed since the ladders were last brought up to date. */
  get pendingLevels(): number {
    return this.#changed.size
  }

  /** Says what a partition has at a level now; undefined where it has nothing there any more. */
  set(partition: number, place: LevelPlace, amount: Decimal | undefined): void {
    const key = `${place.symbol} ${place.side} ${toText(place.price)}`
    let level = this.#levels.get(key)
    if (level === undefined) {
      if (amount === undefined) return
      level = { ...place, parts: new Map() }
      this.#levels.set(key, level)
    }
    if (amount === undefined) level.parts.delete(partition)
    else level.parts.set(partition, amount)
    this.#changed.set(key, level)
  }

  /**
   * Brings the ladders up to date, or a part of the way where more than `limit` levels have
   * changed; each of them costs one step in its B-tree.
   */
  update(limit = Number.POSITIVE_INFINITY): void {
    let done = 0
    for (const [key, level] of this.#changed) {
      if (done++ >= limit) return
      this.#changed.delete(key)
      this.#changedSymbols.add(level.symbol)
      const { bids, asks } = this.#bookOf(level.symbol)
      const ladder = level.side === BUY ? bids : asks
      if (level.parts.size > 0) ladder.set(level.price, sumOf(level.parts.values()))
      else {
        ladder.delete(level.price)
        this.#levels.delete(key)
      }
    }
    for (const symbol of this.#changedSymbols) this.#dropIfEmpty(symbol)
  }

  /** One symbol's book, up to date; undefined where it holds no order. */
  book(symbol: string): Book | undefined {
    this.update()
    return this.#books.get(symbol)
  }

  /** The books that hold any order, up to date, in no particular order. */
  books(): Iterable<Book> {
    this.update()
    return this.#books.values()
  }

  /** The symbols whose ladders changed since the last call, emptied ones included. */
  takeChangedSymbols(): Set<string> {
    this.update()
    const changed = this.#changedSymbols
    this.#changedSymbols = new Set()
    return changed
  }

  #bookOf(symbol: string): Book {
    let book = this.#books.get(symbol)
    if (book === undefined) {
      book = { symbol, bids: new Ladder(BUY), asks: new Ladder(SELL) }
      this.#books.set(symbol, book)
    }
    return book
  }

  #dropIfEmpty(symbol: string): void {
    const book = this.#books.get(symbol)
    if (book?.bids.size === 0 && book.asks.size === 0) this.#books.delete(symbol)
  }
}

function sumOf(parts: Iterable<Decimal>): Decimal {
  let sum = ZERO
  for (const part of parts) sum = add(sum, part)
  return sum
}
