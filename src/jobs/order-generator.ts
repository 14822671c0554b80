/** Order events from a seed: what `emulate` sends where it is given no file. */
import { toText } from '../book/decimal.js'
import { DepthlineError } from '../errors.js'
import {
  BREAKAGES,
  type WrittenOpen,
  writeBroken,
  writeClose,
  writeOpen,
} from '../wire/order-event-writer.js'
import { EmulatedMarket, type RestingOrder } from './order-generator-market.js'
import { Random } from './random.js'

export interface OrderGeneratorOptions {
  /** An integer from 0 to 2^53 − 1: the same seed and options give the same bytes. */
  readonly seed: number
  /** Default BTC-USDT, which starts at 34045.24, and ETH-USDT at 1650; others start at 100. */
  readonly symbols?: readonly string[]
  /**
   * The share of closes, 0 to 1, while a symbol has fewer open orders than
   * `openOrders`; default 0.3, so that the book grows by four orders in ten events.
   * From there on the share is what is left to 1, so that it shrinks again.
   */
  readonly closeRatio?: number
  /** How many open orders of each symbol the generator aims at; default 500. */
  readonly openOrders?: number
  /** The order id that comes first, default 1; a later run goes on from {@link OrderGenerator.nextId}. */
  readonly firstId?: number
  /** Closes carry the fields that they do not need as nulls. */
  readonly explicitNulls?: boolean
  /** Closes are stamped before their opens, as nearly all of the original emulator's are. */
  readonly backwardCreatedAt?: boolean
  /** The share of faults mixed in, 0 to 1; true means {@link DEFAULT_FAULTS}. */
  readonly faults?: number | boolean
}

export const DEFAULT_FAULTS = 0.05

export interface GeneratedEvent {
  /** The order id's text, also where the value is broken. */
  readonly key: string
  /** null is a tombstone. */
  readonly value: Uint8Array | null
}

interface ClosedOrder {
  readonly order: RestingOrder
  /** What the close was stamped with, in epoch seconds. */
  readonly closedAt: number
}

/** In price steps of 0.01. */
const START_PRICES: ReadonlyMap<string, number> = new Map([
  ['BTC-USDT', 3_404_524],
  ['ETH-USDT', 165_000],
])
const OTHER_START_PRICE = 10_000
const PRICE_SCALE = 2
const SIZE_SCALE = 5
/** Of the closes so many take the best order, as a trade would; the others any, as its owner would. */
const TRADED_SHARE = 0.3
/** Faults repeat closes as recent as this, which any useful window of closed ids still remembers. */
const REMEMBERED_CLOSES = 256
/** A close that came too early is followed by its open after at most so many events. */
const MAX_DELAY = 50
/** What can go wrong with a record; a fault that comes twice comes twice as often. */
const FAULTS = [
  'earlyClose',
  'earlyClose',
  'repeatedClose',
  'reopened',
  'repeatedOpen',
  'amended',
  'otherSymbol',
  'tombstone',
  'broken',
  'broken',
] as const
/** A backward close lies at most so far before its open. */
const MAX_BACKWARD_SECONDS = 6400

/**
 * Generates events for any number of symbols. Without faults every event is
 * applied, none is ignored or rejected, and no book is ever crossed. With
 * faults the books still do not cross, for amendments keep to their side.
 *
 * That holds for one generator's events: orders that an earlier run left open
 * may cross with those of a later one, whose prices begin at the start again.
 */
export class OrderGenerator {
  readonly #random: Random
  readonly #options: Required<Omit<OrderGeneratorOptions, 'seed' | 'symbols' | 'firstId'>>
  readonly #markets: EmulatedMarket[]
  readonly #faults: number
  readonly #closed: ClosedOrder[] = []
  /** Opens whose close was sent already, with the number of the event that they become. */
  readonly #late: { order: RestingOrder; dueAt: number }[] = []
  #events = 0
  #nextId: number

  /** @throws DepthlineError USAGE where an option is out of its range */
  constructor(options: OrderGeneratorOptions) {
    const { seed, symbols = ['BTC-USDT', 'ETH-USDT'], firstId = 1, ...rest } = options
    this.#options = {
      closeRatio: 0.3,
      openOrders: 500,
      explicitNulls: false,
      backwardCreatedAt: false,
      faults: 0,
      ...rest,
    }
    const { faults } = this.#options
    this.#faults = faults === true ? DEFAULT_FAULTS : Number(faults)
    check({ ...this.#options, seed, symbols, firstId, faults: this.#faults })
    this.#random = new Random(seed)
    this.#nextId = firstId
    this.#markets = symbols.map(
      (symbol) => new EmulatedMarket(symbol, START_PRICES.get(symbol) ?? OTHER_START_PRICE),
    )
  }

  /** The id that the next new order gets. */
  get nextId(): number {
    return this.#nextId
  }

  /** @param createdAt the time that the event is stamped with, in epoch seconds */
  next(createdAt: number): GeneratedEvent {
    this.#events++
    if (this.#late.length > 0 && this.#late[0]!.dueAt <= this.#events) return this.#openLate()
    if (this.#random.chance(this.#faults)) return this.#fault(createdAt)
    const market = this.#random.pick(this.#markets)
    const { closeRatio, openOrders } = this.#options
    const share = market.size < openOrders ? closeRatio : Math.max(closeRatio, 1 - closeRatio)
    if (market.size === 0 || !this.#random.chance(share)) return this.#open(market, createdAt)
    return this.#close(market, createdAt)
  }

  #open(market: EmulatedMarket, createdAt: number): GeneratedEvent {
    const order = market.draft(this.#nextId++, createdAt, this.#random)
    market.rest(order)
    return opened(order)
  }

  #close(market: EmulatedMarket, createdAt: number): GeneratedEvent {
    const random = this.#random
    const order = random.chance(TRADED_SHARE) ? market.best(random) : market.any(random)
    market.remove(order)
    const closedAt = this.#options.backwardCreatedAt
      ? order.createdAt - 1 - random.below(MAX_BACKWARD_SECONDS)
      : createdAt
    return this.#writeClosed(this.#remember({ order, closedAt }))
  }

  /** One fault; where nothing is open or closed yet that it could be about, a broken record. */
  #fault(createdAt: number): GeneratedEvent {
    const random = this.#random
    const market = random.pick(this.#markets)
    const fault = random.pick(FAULTS)
    if (fault === 'earlyClose') return this.#closeEarly(market, createdAt)
    if (fault === 'tombstone') return { key: `${this.#nextId++}`, value: null }
    if (fault === 'repeatedClose' && this.#closed.length > 0) {
      return this.#writeClosed(random.pick(this.#closed))
    }
    if (fault === 'reopened' && this.#closed.length > 0) {
      return opened(random.pick(this.#closed).order)
    }
    if (fault === 'broken' || market.size === 0) return this.#break(market, createdAt)
    const order = market.any(random)
    if (fault === 'amended') return opened(market.amend(order, random))
    if (fault === 'repeatedOpen') return opened(order)
    return opened({ ...order, symbol: random.pick(this.#markets).symbol })
  }

  #closeEarly(market: EmulatedMarket, createdAt: number): GeneratedEvent {
    const order = market.draft(this.#nextId++, createdAt, this.#random)
    const dueAt = this.#events + 1 + this.#random.below(MAX_DELAY)
    this.#late.push({ order, dueAt })
    this.#late.sort((a, b) => a.dueAt - b.dueAt)
    return this.#writeClosed({ order, closedAt: createdAt })
  }

  #openLate(): GeneratedEvent {
    const { order } = this.#late.shift()!
    this.#remember({ order, closedAt: order.createdAt })
    return opened(order)
  }

  #break(market: EmulatedMarket, createdAt: number): GeneratedEvent {
    const order = market.draft(this.#nextId++, createdAt, this.#random)
    let breakage = this.#random.pick(BREAKAGES)
    // Records of 64 KiB would soon be nearly all of the bytes in the topic.
    if (breakage === 'tooLarge' && !this.#random.chance(0.2)) breakage = 'truncated'
    return { key: `${order.id}`, value: writeBroken(written(order), breakage) }
  }

  #remember(closed: ClosedOrder): ClosedOrder {
    if (this.#closed.push(closed) > REMEMBERED_CLOSES) this.#closed.shift()
    return closed
  }

  #writeClosed({ order, closedAt }: ClosedOrder): GeneratedEvent {
    const close = { orderId: order.id, createdAt: closedAt }
    return { key: `${order.id}`, value: writeClose(close, this.#options.explicitNulls) }
  }
}

function opened(order: RestingOrder): GeneratedEvent {
  return { key: `${order.id}`, value: writeOpen(written(order)) }
}

function written(order: RestingOrder): WrittenOpen {
  const price = toText({ units: order.price, scale: PRICE_SCALE })
  const size = toText({ units: order.size, scale: SIZE_SCALE })
  const { id, symbol, side, createdAt } = order
  return { orderId: id, symbol, side, price, size, createdAt }
}

const SYMBOL = /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$/

function check(options: Required<OrderGeneratorOptions>): void {
  const { seed, symbols, closeRatio, openOrders, firstId, faults } = options
  const isShare = (value: number) => value >= 0 && value <= 1
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0
  const wrong = [
    !isCount(seed) && `seed ${seed}: not an integer from 0 to 2^53-1`,
    !isCount(firstId) && `first id ${firstId}: not an integer from 0 to 2^53-1`,
    !(isCount(openOrders) && openOrders > 0) && `open orders ${openOrders}: not a number above 0`,
    !isShare(closeRatio) && `close ratio ${closeRatio}: not between 0 and 1`,
    !isShare(Number(faults)) && `faults ${faults}: not a share between 0 and 1`,
    symbols.length === 0 && 'no symbol is given',
    new Set(symbols).size < symbols.length && 'a symbol is given twice',
    ...symbols.map((symbol) => !SYMBOL.test(symbol) && `${symbol}: not a symbol`),
  ].find((fault) => fault !== false)
  if (wrong !== undefined) throw new DepthlineError('USAGE', wrong)
}
