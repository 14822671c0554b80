/** The order book of the live page: seeded events through the same code as `run` and `replay`, without clock and Kafka. */
import { emptyIdState, OPEN } from '../book/book-state.js'
import { type Decimal, fromLimbs, toText, ZERO } from '../book/decimal.js'
import { midPrice, spread } from '../book/depth.js'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { BUY, type Magnitude, type Side } from '../book/order-event.js'
import { countsAs, Outcome, type OutcomeName } from '../book/outcome.js'
import { OrderGenerator } from '../jobs/order-generator.js'
import { OrderProcessor } from '../jobs/order-processor.js'
import { OrderEventReader } from '../wire/order-event-reader.js'
import { parseTickMessage, type TickRow } from '../wire/tick-message.js'
import { DoubleBook } from './double-book.js'

export const LEVELS = 15
/** As the brief's emulator: ten events every 100 ms. */
export const EVENTS_PER_BATCH = 10
export const BATCHES_PER_TICK = 10
/** The brief's own second; events are stamped with it and those after, and no answer depends on it. */
const FIRST_SECOND = 1_693_973_208

/** What became of a record. */
export interface Verdict {
  readonly counts: 'applied' | 'ignored' | 'rejected'
  /** The outcome's name, or the reason for rejection. */
  readonly outcome: string
  /** More about a rejection; otherwise empty. */
  readonly detail: string
}

/** A close, and the order that it took off the book. */
export interface TakenOff {
  readonly record: string
  readonly orderId: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly size: string
  /** The level's amount before and after; '0' where the level is gone. */
  readonly before: string
  readonly after: string
}

export class LiveBook {
  readonly #processor = new OrderProcessor({ levels: LEVELS, limits: DEFAULT_LIMITS, seed: 1 })
  readonly #generator: OrderGenerator
  readonly #reader = new OrderEventReader()
  readonly #decoder = new TextDecoder()
  /** The same orders, with every number a double. */
  readonly doubles = new DoubleBook()
  #events = 0
  #lastClose: TakenOff | undefined

  /** @param seed as that of `depthline emulate` */
  constructor(seed: number) {
    this.#generator = new OrderGenerator({ seed })
  }

  /** How many events came from the seed. */
  get events(): number {
    return this.#events
  }

  /** The newest close that took an order off; undefined before the first. */
  get lastClose(): TakenOff | undefined {
    return this.#lastClose
  }

  /** Applies the next {@link EVENTS_PER_BATCH} events of the seed. */
  applyBatch(): void {
    for (let number = 0; number < EVENTS_PER_BATCH; number++) {
      const second = FIRST_SECOND + Math.floor(this.#events / EVENTS_PER_BATCH / BATCHES_PER_TICK)
      this.#events++
      this.feed(this.#generator.next(second).value!)
    }
  }

  /** Applies one record, whatever its bytes are. */
  feed(record: Uint8Array): Verdict {
    const taken = this.#orderThatCloses(record)
    const verdict = this.#accept(record)
    if (verdict.counts !== 'applied') return verdict
    const text = this.#decoder.decode(record)
    this.doubles.apply(text, verdict.outcome)
    if (taken !== undefined && verdict.outcome === 'closed') {
      const { side, price, symbol } = taken
      const after = toText(this.#amountAt({ symbol, side, price }))
      const before = toText(taken.before)
      this.#lastClose = { ...shown(taken), record: text, before, after }
    }
    return verdict
  }

  /** The message that `run` would publish now. */
  message(): string {
    return this.#processor.message()
  }

  /** The rows of {@link message}. */
  rows(): TickRow[] {
    const rows = parseTickMessage(this.message())
    if (rows === undefined) throw new Error('the message cannot be read back')
    return rows
  }

  /** The middle of one symbol's book; undefined where a side is empty. */
  middle(symbol: string): { mid: string; spread: string } | undefined {
    const book = this.#processor.books.book(symbol)
    const mid = book && midPrice(book)
    return book && mid && { mid: toText(mid), spread: toText(spread(book)!) }
  }

  #accept(record: Uint8Array): Verdict {
    const before = this.#processor.outcomes
    const reason = this.#processor.accept(record, 0, record.length, 0)
    if (reason !== undefined) {
      return { counts: 'rejected', outcome: reason, detail: this.#processor.detail }
    }
    const after = this.#processor.outcomes
    const name = Object.keys(after).find((key) => after[key] !== before[key]) as OutcomeName
    return { counts: countsAs(Outcome[name]), outcome: name, detail: '' }
  }

  /** The open order that the record names, where it is a close; a close itself says only the id. */
  #orderThatCloses(record: Uint8Array) {
    if (this.#reader.read(record, 0, record.length) !== undefined) return undefined
    const { open, orderId } = this.#reader.event
    const state = emptyIdState()
    if (!open) this.#processor.books.state.read(orderId, state)
    if (open || state.state !== OPEN) return undefined
    const { symbol, side } = state
    const [price, size] = [decimal(state.price), decimal(state.size)]
    const before = this.#amountAt({ symbol, side, price })
    return { orderId, symbol, side, price, size, before }
  }

  #amountAt({ symbol, side, price }: { symbol: string; side: Side; price: Decimal }): Decimal {
    const book = this.#processor.books.book(symbol)
    const wanted = toText(price)
    for (const level of (side === BUY ? book?.bids : book?.asks) ?? []) {
      if (toText(level.price) === wanted) return level.amount
    }
    return ZERO
  }
}

interface FoundOrder {
  readonly orderId: number | string
  readonly symbol: string
  readonly side: Side
  readonly price: Decimal
  readonly size: Decimal
}

function shown({ orderId, symbol, side, price, size }: FoundOrder) {
  return {
    orderId: String(orderId),
    symbol,
    side: side === BUY ? ('buy' as const) : ('sell' as const),
    price: toText(price),
    size: toText(size),
  }
}

function decimal({ high, low, scale }: Magnitude): Decimal {
  return fromLimbs(high, low, scale)
}
