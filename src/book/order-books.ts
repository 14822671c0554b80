/** The order books of all symbols: a pure function of the events applied, in their order. */
import { DepthlineError } from '../errors.js'
import { BookState, type ChangedIds } from './book-state.js'
import type { ChangedLevels } from './changed-levels.js'
import { ClosedWindow } from './closed-window.js'
import { IdTable } from './id-table.js'
import { Levels } from './levels.js'
import { OpenOrders } from './open-orders.js'
import type { OrderEvent } from './order-event.js'
import { NO_KEY, OrderKeys } from './order-keys.js'
import { Outcome } from './outcome.js'
import { Prefetch } from './prefetch.js'
import { type Book, SymbolBooks } from './symbol-books.js'

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

export class OrderBooks {
  /** Events whose id was last seen in another partition: 0 for ever where input is keyed by order id. */
  partitionCrossings = 0
  /** What is known of each id, for snapshots. */
  readonly state: BookState
  readonly #limits: OrderBooksLimits
  readonly #keys = new OrderKeys()
  readonly #open: OpenOrders
  /** Closes that came before their open; the word is the partition. */
  readonly #waiting: IdTable
  readonly #closed: ClosedWindow
  readonly #levels: Levels
  readonly #books: SymbolBooks
  #changedIds: ChangedIds | undefined
  readonly #prefetch = new Prefetch()

  /**
   * @param seed any number; it spreads the hash tables and never changes an answer
   * @param changedLevels collects the levels that change
   */
  constructor(limits: OrderBooksLimits, seed: number, changedLevels?: ChangedLevels) {
    this.#limits = limits
    this.#levels = new Levels(seed)
    this.#books = new SymbolBooks(this.#levels, changedLevels)
    this.#open = new OpenOrders(this.#levels, seed)
    this.#waiting = new IdTable(1, seed)
    this.#closed = new ClosedWindow(limits.closedWindow, seed)
    this.state = new BookState({
      keys: this.#keys,
      open: this.#open,
      waiting: this.#waiting,
      closed: this.#closed,
      levels: this.#levels,
      symbols: this.#books,
    })
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
    if (this.#changedIds !== undefined) this.#record(event.orderId)
    return event.open ? this.#applyOpen(event, partition) : this.#applyClose(event, partition)
  }

  /**
   * Notes what {@link apply} will look up for an event. It changes nothing; where several are
   * noted and then {@link prefetch} is called, applying them waits less for memory.
   */
  expect({ open, orderId }: OrderEvent): void {
    // Text ids are rare, and finding their keys costs a search of its own.
    if (typeof orderId !== 'number') return
    const key = orderId + 1
    this.#open.expect(key, this.#prefetch)
    if (!open) this.#closed.expect(key, this.#prefetch)
  }

  /** Brings what was noted by {@link expect} into the cache. */
  prefetch(): void {
    this.#prefetch.run()
  }

  /** From now on the ids of all events are kept, until they are taken. */
  startRecording(): void {
    if (this.#changedIds !== undefined) throw new Error('somebody records already')
    this.#changedIds = { numbers: [], texts: [] }
  }

  stopRecording(): void {
    this.#changedIds = undefined
  }

  /** How many ids {@link takeChangedIds} would give. */
  get changedIdCount(): number {
    const { numbers = [], texts = [] } = this.#changedIds ?? {}
    return numbers.length + texts.length
  }

  /** The ids of the events since the last call or the start of recording; one may come many times. */
  takeChangedIds(): ChangedIds {
    const taken = this.#changedIds
    if (taken === undefined) throw new Error('nobody records')
    this.#changedIds = { numbers: [], texts: [] }
    return taken
  }

  /** The books that hold any order, up to date, in no particular order. */
  books(): Iterable<Book> {
    this.update()
    return this.#books.all()
  }

  /** One symbol's book, up to date; undefined where it holds no order. */
  book(symbol: string): Book | undefined {
    this.update()
    return this.#books.get(symbol)
  }

  /** The symbols whose ladders changed since the last call, emptied ones included. */
  takeChangedSymbols(): Set<string> {
    this.update()
    return this.#books.takeChanged()
  }

  /**
   * Brings the ladders up to date; each changed level costs one step in its B-tree.
   *
   * @param limit after so many levels it stops, and {@link pendingLevels} says how many are left
   */
  update(limit = Number.POSITIVE_INFINITY): void {
    this.#books.update(limit)
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
    const owner = this.#open.partition
    if (owner !== partition) {
      this.partitionCrossings++
      // Offsets of one partition only rise, so between partitions the partition alone decides.
      if (partition < owner) return Outcome.superseded
      this.#open.lift()
      this.#rest(event, partition)
      return Outcome.supersedes
    }
    const { level } = this.#open
    const ladder = this.#levels.ladderOf(level)
    if (this.#books.symbolOf(ladder) !== event.symbol) return Outcome.symbol_changed
    const isSame =
      (ladder & 1) === event.side &&
      this.#open.hasSize(event.size) &&
      this.#levels.hasPrice(level, event.price)
    if (isSame) return Outcome.duplicate_open
    this.#open.lift()
    this.#rest(event, partition)
    return Outcome.amended
  }

  #applyClose(event: OrderEvent, partition: number): Outcome {
    const key = this.#keys.find(event.orderId)
    if (key !== NO_KEY) {
      // A close carries no symbol: the open order is the only thing that remembers where it rests.
      if (this.#open.find(key)) {
        if (this.#open.partition !== partition) this.partitionCrossings++
        this.#open.lift()
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

  /** Puts the open order that was come to last on its level. */
  #rest({ symbol, side, price, size }: OrderEvent, partition: number): void {
    const level = this.#levels.at(this.#books.ladderNumber(symbol, side), price)
    this.#open.rest(level, size, partition)
  }

  #record(orderId: number | string): void {
    if (typeof orderId === 'number') this.#changedIds!.numbers.push(orderId)
    else this.#changedIds!.texts.push(orderId)
  }

  #remember(key: number, partition: number): void {
    this.#keys.release(this.#closed.add(key, partition))
  }
}

function limitPassed(what: string, limit: number, flag: string): DepthlineError {
  return new DepthlineError(
    'LIMIT_PASSED',
    `more than ${limit} ${what}: none of them may be forgotten, so nothing goes on; raise ${flag}`,
  )
}
