/** The oracle: the contract's rules on events and ticks in the plainest code that is right. */
import { type NaiveClosed, type NaiveOpen, naiveEvent } from './naive-event.js'
import { NaiveLadders, type NaiveOrder } from './naive-ladders.js'

export interface RestingOrder extends NaiveOrder {
  readonly id: string
  /** Of the record that opened it. */
  readonly partition: number
}

/** An id whose close waits for its open, or was applied, with the partition of the record that did it. */
export interface NaiveClose {
  readonly id: string
  readonly partition: number
}

/** What a book consists of. */
export interface NaiveState {
  readonly open: Iterable<RestingOrder>
  /** Closes whose open has not come. */
  readonly waiting: Iterable<NaiveClose>
  /** Closed ids that are still remembered, of each partition the oldest first. */
  readonly closed: Iterable<NaiveClose>
}

const IGNORED = ['duplicate_open', 'superseded', 'duplicate_close']
const APPLIED = ['opened', 'amended', 'supersedes', 'closed', 'close_before_open']

/**
 * Shares nothing with src/book and src/wire, so that a misreading there is not repeated here.
 */
export class NaiveBook {
  readonly counts = { records: 0, applied: 0, ignored: 0, rejected: 0, tombstones: 0 }
  readonly byOutcome = new Map<string, number>()
  /** Records whose id is known from another partition: from the first on, some outcomes depend on arrival. */
  partitionCrossings = 0
  readonly #window: number
  readonly #ladders = new NaiveLadders()
  readonly #open = new Map<string, RestingOrder>()
  /** Id → partition, as for the closed. */
  readonly #waiting = new Map<string, number>()
  readonly #closed = new Map<string, number>()
  readonly #closes = new Map<number, { ids: string[]; count: number }>()

  /** @param window how many closes each partition remembers */
  constructor(window = 250_000) {
    this.#window = window
  }

  get openOrders(): number {
    return this.#open.size
  }

  get waitingCloses(): number {
    return this.#waiting.size
  }

  /** The open orders, in no order that means anything. */
  orders(): Iterable<RestingOrder> {
    return this.#open.values()
  }

  /** Fills an empty book with the state that some input left behind; counts start at 0. */
  restore({ open, waiting, closed }: NaiveState): void {
    for (const order of open) this.#rest(order)
    for (const { id, partition } of waiting) this.#waiting.set(id, partition)
    for (const { id, partition } of closed) this.#remember(id, partition)
  }

  /** Takes the partition's next record; gives its outcome, why it is rejected, or `tombstone`. */
  accept(value: Uint8Array | null, partition: number): string {
    const name = value === null ? 'tombstone' : this.#apply(naiveEvent(value), partition)
    this.counts.records++
    if (name === 'tombstone') this.counts.tombstones++
    else if (IGNORED.includes(name)) this.counts.ignored++
    else if (APPLIED.includes(name) || name === 'closed_on_arrival') this.counts.applied++
    else this.counts.rejected++
    this.byOutcome.set(name, (this.byOutcome.get(name) ?? 0) + 1)
    return name
  }

  /** The tick message with at most `levels` levels a side. */
  message(levels = Number.POSITIVE_INFINITY): string {
    return this.#ladders.message(levels)
  }

  /** The symbols whose best bid is at or above their best ask. */
  crossed(): string[] {
    return this.#ladders.crossed()
  }

  #apply(event: NaiveOpen | NaiveClosed | string, partition: number): string {
    if (typeof event === 'string') return event
    const { id } = event
    const known = this.#open.get(id)?.partition ?? this.#waiting.get(id) ?? this.#closed.get(id)
    if (known !== undefined && known !== partition) this.partitionCrossings++
    if (event.status === 'CLOSED') return this.#applyClosed(id, partition)
    const { symbol, side, size, price } = event
    return this.#applyOpen({ id, symbol, side, size, price, partition })
  }

  #applyOpen(order: RestingOrder): string {
    const { id, partition } = order
    const resting = this.#open.get(id)
    if (resting === undefined) {
      if (this.#closed.has(id)) return 'order_already_closed'
      if (this.#waiting.delete(id)) {
        this.#remember(id, partition)
        return 'closed_on_arrival'
      }
      this.#rest(order)
      return 'opened'
    }
    if (resting.partition > partition) return 'superseded'
    if (resting.partition < partition) {
      this.#replace(resting, order)
      return 'supersedes'
    }
    if (resting.symbol !== order.symbol) return 'symbol_changed'
    const { side, price, size } = resting
    const isSame = side === order.side && price === order.price && size === order.size
    if (isSame) return 'duplicate_open'
    this.#replace(resting, order)
    return 'amended'
  }

  #applyClosed(id: string, partition: number): string {
    const resting = this.#open.get(id)
    if (resting !== undefined) {
      this.#open.delete(id)
      this.#ladders.remove(resting)
      this.#remember(id, partition)
      return 'closed'
    }
    if (this.#closed.has(id) || this.#waiting.has(id)) return 'duplicate_close'
    this.#waiting.set(id, partition)
    return 'close_before_open'
  }

  #rest(order: RestingOrder): void {
    this.#open.set(order.id, order)
    this.#ladders.add(order)
  }

  #replace(resting: RestingOrder, order: RestingOrder): void {
    this.#ladders.remove(resting)
    this.#rest(order)
  }

  /** The partition's last closes lie in a ring, where the newest takes the place of the oldest. */
  #remember(id: string, partition: number): void {
    const closes = this.#closes.get(partition) ?? { ids: [], count: 0 }
    this.#closes.set(partition, closes)
    const place = closes.count++ % this.#window
    const oldest = closes.ids[place]
    if (oldest !== undefined) this.#closed.delete(oldest)
    closes.ids[place] = id
    this.#closed.set(id, partition)
  }
}
