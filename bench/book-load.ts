/** Books of any size for the benchmarks, and events for them that are made before the clock starts. */
import { DEFAULT_LIMITS, OrderBooks } from '../src/book/order-books.js'
import { BUY, emptyOrderEvent, SELL } from '../src/book/order-event.js'
import { READ_AHEAD } from '../src/jobs/order-processor.js'
import { Random } from '../src/jobs/random.js'

export const LIMITS = DEFAULT_LIMITS
export const PARTITIONS = 4
/** Pairs of events. */
const AHEAD = READ_AHEAD / 2

export interface LoadOptions {
  readonly openOrders: number
  readonly symbols: number
  /** Of each side of each symbol. */
  readonly levels: number
}

/** Pairs of an open, with the next id, and a close of any order that is open then. */
export interface PreparedEvents {
  /** What the open's symbol, side, level and size are made of. */
  readonly opens: Uint32Array
  readonly closes: Float64Array
}

export class BookLoad {
  readonly books = new OrderBooks(LIMITS, 12345)
  readonly #options: LoadOptions
  readonly #symbols: readonly string[]
  readonly #event = emptyOrderEvent()
  readonly #random = new Random(7)
  /** The ids that are open, of those that may be closed again. */
  readonly #ids: Float64Array
  #nextId = 1
  #preparedId: number

  constructor(options: LoadOptions) {
    this.#options = options
    this.#symbols = Array.from({ length: options.symbols }, (_, index) => `S${index}-USDT`)
    this.#ids = Float64Array.from({ length: options.openOrders }, (_, index) => index + 1)
    this.open(options.openOrders)
    this.books.update()
    this.#preparedId = this.#nextId
  }

  /** Opens so many orders anywhere; those beyond the first stay open. */
  open(count: number): void {
    for (let index = 0; index < count; index++) this.#open(this.#random.next())
  }

  /** Opens an order on each level of each side, which stays open. */
  openOnEachLevel(): void {
    const { symbols, levels } = this.#options
    for (let number = 0; number < symbols * levels * 2; number++) {
      const side = number % 2 === 0 ? BUY : SELL
      this.#openAt(number % symbols, side, Math.floor(number / symbols) % levels, 1)
    }
    this.#preparedId = this.#nextId
  }

  /** Opens and closes until each partition remembers as many closes as it can. */
  fillWindow(): void {
    while (this.books.state.closedIds < LIMITS.closedWindow * PARTITIONS) this.churn(200_000)
  }

  churn(events: number): void {
    this.apply(this.prepare(events))
  }

  /** Events that are to be applied before others are made. */
  prepare(events: number): PreparedEvents {
    const pairs = events / 2
    const opens = Uint32Array.from({ length: pairs }, () => this.#random.next())
    const closes = Float64Array.from({ length: pairs }, () => {
      const place = Math.floor((this.#random.next() / 2 ** 32) * this.#ids.length)
      const id = this.#ids[place]!
      this.#ids[place] = this.#preparedId++
      return id
    })
    return { opens, closes }
  }

  apply({ opens, closes }: PreparedEvents): void {
    const event = this.#event
    for (let index = 0; index < opens.length; index++) {
      if (index % AHEAD === 0) this.#prefetch(closes, index)
      this.#open(opens[index]!)
      event.open = false
      event.orderId = closes[index]!
      this.books.apply(event, event.orderId % PARTITIONS)
      if (this.books.pendingLevels > 65_536) this.books.update()
    }
  }

  /** What `run` does with sixteen events when it has read them. */
  #prefetch(closes: Float64Array, first: number): void {
    const event = this.#event
    for (let ahead = 0; ahead < AHEAD; ahead++) {
      event.open = true
      event.orderId = this.#nextId + ahead
      this.books.expect(event)
      event.open = false
      event.orderId = closes[first + ahead] ?? 0
      this.books.expect(event)
    }
    this.books.prefetch()
  }

  #open(random: number): void {
    const { symbols, levels } = this.#options
    const side = (random & 1) === 0 ? BUY : SELL
    const place = random >>> 1
    this.#openAt(place % symbols, side, Math.floor(place / symbols) % levels, random % 1_000_000)
  }

  #openAt(symbol: number, side: typeof BUY | typeof SELL, level: number, size: number): void {
    const event = this.#event
    event.open = true
    event.orderId = this.#nextId++
    event.symbol = this.#symbols[symbol]!
    event.side = side
    event.price.low = 1_000_000 + level + side * this.#options.levels
    event.price.scale = 2
    event.size.low = 1 + size
    event.size.scale = 5
    this.books.apply(event, event.orderId % PARTITIONS)
  }
}
