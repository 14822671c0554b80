/** The order books of all symbols: a pure function of the events applied, in their order. */
import { DepthlineError } from '../errors.js'
import { ClosedWindow } from './closed-window.js'
import { IdTable } from './id-table.js'
import { Ladder } from './ladder.js'
import { Levels } from './levels.js'
import { BUY, type OrderEvent, SELL } from './order-event.js'
import { NO_KEY, OrderKeys } from './order-keys.js'
import { Outcome } from './outcome.js'

/** The two ladders of one symbol. */
export interface Book {
  readonly symbol: string
  readonly bids: Ladder
  readonly asks: Ladder
}

export interface OrderBooksLimits {
  /** How many closes each partition remembers. */
  readonly closedWindow: number
  /** Above this many open orders the process stops; they are never evicted. */
  readonly maxOpenOrders: number
  /** The same for closes that wait for their open. */
  readonly maxWaitingCloses: number
}

export const DEFAULT_LIMITS: OrderBooksLimits = {
  closedWindow: 250_000,
  maxOpenOrders: 50_000_000,
  maxWaitingCloses: 5_000_000,
}

/** The words that the table of open orders keeps for each. */
const LEVEL = 0
const SIZE_HIGH = 1
const SIZE_LOW = 2
/** Size scale in the lower 8 bits, partition above them. */
const SCALE_AND_PARTITION = 3
const ORDER_WORDS = 4

interface OwnedBook extends Book {
  /** This book's bids are ladder `2 × number`, its asks the one after. */
  readonly number: number
}

export class OrderBooks {
  /** Events whose id was last seen in another partition: 0 for ever where input is keyed by order id. */
  partitionCrossings = 0
  readonly #limits: OrderBooksLimits
  readonly #keys = new OrderKeys()
  readonly #open: IdTable
  /** Closes that came before their open; the word is the partition. */
  readonly #waiting: IdTable
  readonly #closed: ClosedWindow
  readonly #levels: Levels
  readonly #books = new Map<string, OwnedBook>()
  readonly #byNumber: (OwnedBook | undefined)[] = []
  readonly #freeNumbers: number[] = []
  #changed = new Set<string>()

  /** @param seed any number; it spreads the hash tables and never changes an answer */
  constructor(limits: OrderBooksLimits, seed: number) {
    this.#limits = limits
    this.#open = new IdTable(ORDER_WORDS, seed)
    this.#waiting = new IdTable(1, seed)
    this.#closed = new ClosedWindow(limits.closedWindow, seed)
    this.#levels = new Levels(seed)
  }

  get openOrders(): number {
    return this.#open.size
  }

  get waitingCloses(): number {
    return this.#waiting.size
  }

  /** How many levels changed since the ladders were last brought up to date. */
  get pendingLevels(): number {
    return this.#levels.changedCount
  }

  /**
   * Applies one event from `partition`. The events of one partition must come in
   * offset order; README has the table of what becomes of each.
   *
   * @throws DepthlineError LIMIT_PASSED where a cap on open orders or waiting closes is reached
   */
  apply(event: OrderEvent, partition: number): Outcome {
    return event.open ? this.#applyOpen(event, partition) : this.#applyClose(event, partition)
  }

  /** The books that hold any order, up to date, in no particular order. */
  books(): Iterable<Book> {
    this.update()
    return this.#books.values()
  }

  /** One symbol's book, up to date; undefined where it holds no order. */
  book(symbol: string): Book | undefined {
    this.update()
    return this.#books.get(symbol)
  }

  /** The symbols whose ladders changed since the last call, emptied ones included. */
  takeChangedSymbols(): Set<string> {
    this.update()
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  /** Brings the ladders up to date; each changed level costs one step in its B-tree. */
  update(): void {
    this.#levels.takeChanged((level, isLeft) => {
      const ladderNumber = this.#levels.ladderOf(level)
      const book = this.#byNumber[ladderNumber >>> 1]!
      const ladder = (ladderNumber & 1) === BUY ? book.bids : book.asks
      const price = this.#levels.priceOf(level)
      if (isLeft) ladder.set(price, this.#levels.amountOf(level))
      else ladder.delete(price)
      this.#changed.add(book.symbol)
    })
    for (const symbol of this.#changed) this.#dropIfEmpty(symbol)
  }

  #applyOpen(event: OrderEvent, partition: number): Outcome {
    let key = this.#keys.find(event.orderId)
    if (key !== NO_KEY) {
      if (this.#open.find(key)) return this.#applyToOpenOrder(event, partition)
      if (this.#waiting.size > 0 && this.#waiting.find(key)) {
        if (this.#waiting.words[this.#waiting.at] !== partition) this.partitionCrossings++
        this.#waiting.remove()
        this.#remember(key, partition)
        return Outcome.closed_on_arrival
      }
      if (this.#closed.has(key)) return Outcome.order_already_closed
    }
    if (this.#open.size >= this.#limits.maxOpenOrders) {
      throw limitPassed('open orders', this.#limits.maxOpenOrders, '--max-open-orders')
    }
    key = this.#keys.assign(event.orderId)
    this.#open.insert(key)
    this.#rest(event, partition)
    return Outcome.opened
  }

  #applyToOpenOrder(event: OrderEvent, partition: number): Outcome {
    const { words, at } = this.#open
    const owner = words[at + SCALE_AND_PARTITION]! >>> 8
    if (owner !== partition) {
      this.partitionCrossings++
      // Offsets of one partition only rise, so between partitions the partition alone decides.
      if (partition < owner) return Outcome.superseded
      this.#lift()
      this.#rest(event, partition)
      return Outcome.supersedes
    }
    const level = words[at + LEVEL]!
    const ladder = this.#levels.ladderOf(level)
    if (this.#byNumber[ladder >>> 1]!.symbol !== event.symbol) return Outcome.symbol_changed
    const isSame =
      (ladder & 1) === event.side &&
      words[at + SIZE_LOW] === event.size.low &&
      words[at + SIZE_HIGH] === event.size.high &&
      (words[at + SCALE_AND_PARTITION]! & 0xff) === event.size.scale &&
      this.#levels.hasPrice(level, event.price)
    if (isSame) return Outcome.duplicate_open
    this.#lift()
    this.#rest(event, partition)
    return Outcome.amended
  }

  #applyClose(event: OrderEvent, partition: number): Outcome {
    const key = this.#keys.find(event.orderId)
    if (key !== NO_KEY) {
      // A close carries no symbol: the open order is the only thing that remembers where it rests.
      if (this.#open.find(key)) {
        const owner = this.#open.words[this.#open.at + SCALE_AND_PARTITION]! >>> 8
        if (owner !== partition) this.partitionCrossings++
        this.#lift()
        this.#open.remove()
        this.#remember(key, partition)
        return Outcome.closed
      }
      if (this.#closed.has(key)) return Outcome.duplicate_close
      if (this.#waiting.size > 0 && this.#waiting.find(key)) return Outcome.duplicate_close
    }
    if (this.#waiting.size >= this.#limits.maxWaitingCloses) {
      throw limitPassed('waiting closes', this.#limits.maxWaitingCloses, '--max-waiting-closes')
    }
    this.#waiting.insert(this.#keys.assign(event.orderId))
    this.#waiting.words[this.#waiting.at] = partition
    return Outcome.close_before_open
  }

  /** Puts the order that the table points to on its level. */
  #rest({ symbol, side, price, size }: OrderEvent, partition: number): void {
    const book = this.#books.get(symbol) ?? this.#addBook(symbol)
    const level = this.#levels.at(book.number * 2 + side, price)
    this.#levels.addOrder(level, size.high, size.low, size.scale)
    const { words, at } = this.#open
    words[at + LEVEL] = level
    words[at + SIZE_HIGH] = size.high
    words[at + SIZE_LOW] = size.low
    words[at + SCALE_AND_PARTITION] = (partition << 8) | size.scale
  }

  /** Takes the order that the table points to off its level. */
  #lift(): void {
    const { words, at } = this.#open
    this.#levels.removeOrder(
      words[at + LEVEL]!,
      words[at + SIZE_HIGH]!,
      words[at + SIZE_LOW]!,
      words[at + SCALE_AND_PARTITION]! & 0xff,
    )
  }

  #remember(key: number, partition: number): void {
    this.#keys.release(this.#closed.add(key, partition))
  }

  #addBook(symbol: string): OwnedBook {
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length
    const book = { symbol, number, bids: new Ladder(BUY), asks: new Ladder(SELL) }
    this.#byNumber[number] = book
    this.#books.set(symbol, book)
    return book
  }

  #dropIfEmpty(symbol: string): void {
    const book = this.#books.get(symbol)
    if (book === undefined || book.bids.size > 0 || book.asks.size > 0) return
    this.#books.delete(symbol)
    this.#byNumber[book.number] = undefined
    this.#freeNumbers.push(book.number)
  }
}

function limitPassed(what: string, limit: number, flag: string): DepthlineError {
  return new DepthlineError(
    'LIMIT_PASSED',
    `more than ${limit} ${what}: none of them may be forgotten, so nothing goes on; raise ${flag}`,
  )
}
