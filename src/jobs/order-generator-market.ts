/** The open orders of one emulated market, kept so that its book is never crossed. */
import { BUY, SELL, type Side } from '../book/order-event.js'
import type { Random } from './random.js'

/** An open order; its price counts price steps and its size counts size steps, so neither is ever rounded. */
export interface RestingOrder {
  readonly id: number
  readonly symbol: string
  readonly side: Side
  readonly price: number
  readonly size: number
  /** Epoch seconds. */
  readonly createdAt: number
}

/** A size is at most 10 and mostly small: so many steps of 0.00001. */
const MAX_SIZE = 1_000_000
/** New orders rest within so many price steps of the edge. */
const DEPTH = 600
const MAX_MOVE = 8

/**
 * Bids rest at or below the edge and asks above it. The edge walks, and only ever
 * within the gap between the best bid and the best ask, so the two cannot cross.
 */
export class EmulatedMarket {
  readonly symbol: string
  readonly #start: number
  #edge: number
  /** By side, worst price first: the best order is the last. */
  readonly #orders: [RestingOrder[], RestingOrder[]] = [[], []]

  /** @param startPrice in price steps, at least 1 */
  constructor(symbol: string, startPrice: number) {
    this.symbol = symbol
    this.#start = startPrice
    this.#edge = startPrice
  }

  get size(): number {
    return this.#orders[BUY].length + this.#orders[SELL].length
  }

  /** A new order on a random side, not resting yet. */
  draft(id: number, createdAt: number, random: Random): RestingOrder {
    this.#walk(random)
    const side = random.chance(0.5) ? BUY : SELL
    return { id, symbol: this.symbol, side, ...this.#terms(side, random), createdAt }
  }

  /** Lets `order` rest; it must keep to its side of the edge, as a fresh draft does. */
  rest(order: RestingOrder): void {
    const orders = this.#orders[order.side]
    orders.splice(placeOf(orders, order), 0, order)
  }

  /** Gives a resting order another price and size on its side. */
  amend(order: RestingOrder, random: Random): RestingOrder {
    this.remove(order)
    const terms = this.#terms(order.side, random)
    // Drawing the old values again would make a repetition of it.
    const size = terms.size === order.size ? terms.size + 1 : terms.size
    const amended = { ...order, price: terms.price, size }
    this.rest(amended)
    return amended
  }

  remove(order: RestingOrder): void {
    const orders = this.#orders[order.side]
    orders.splice(orders.indexOf(order), 1)
  }

  /** Any resting order; the market must hold one. */
  any(random: Random): RestingOrder {
    const [bids, asks] = this.#orders
    const at = random.below(bids.length + asks.length)
    return bids[at] ?? asks[at - bids.length]!
  }

  /** The best order of one side, as the next trade would take it; the market must hold one. */
  best(random: Random): RestingOrder {
    const side = this.#rises(random) ? SELL : BUY
    return this.#orders[side].at(-1) ?? this.#orders[side === BUY ? SELL : BUY].at(-1)!
  }

  #walk(random: Random): void {
    const move = random.below(MAX_MOVE + 1) * (this.#rises(random) ? 1 : -1)
    const lowest = this.#orders[BUY].at(-1)?.price ?? 1
    const highest = (this.#orders[SELL].at(-1)?.price ?? Number.POSITIVE_INFINITY) - 1
    this.#edge = Math.max(lowest, Math.min(highest, this.#edge + move))
  }

  /** The further the price is from its start the likelier it turns back: it stays within about a fifth of it. */
  #rises(random: Random): boolean {
    const range = this.#start / 5
    return random.chance(0.5 - (0.5 * (this.#edge - this.#start)) / range)
  }

  /** Four times as many orders rest near the edge as half way out; most are small. */
  #terms(side: Side, random: Random): { price: number; size: number } {
    const distance = Math.min(random.below(DEPTH), random.below(DEPTH), random.below(DEPTH))
    const price = side === BUY ? Math.max(1, this.#edge - distance) : this.#edge + 1 + distance
    const share = random.below(1000) / 1000
    return { price, size: 1 + Math.floor(share * share * share * random.below(MAX_SIZE)) }
  }
}

/** Where `order` belongs among orders that are sorted worst price first, after its equals. */
function placeOf(orders: readonly RestingOrder[], order: RestingOrder): number {
  const sign = order.side === BUY ? 1 : -1
  let low = 0
  let high = orders.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sign * (orders[middle]!.price - order.price) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
