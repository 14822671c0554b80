/** Answers that are read off levels in best-first order. */
import { add, compare, type Decimal, half, multiply, subtract, ZERO } from './decimal.js'
import type { Level } from './ladder.js'

/** A level with its place in the ladder and the money behind it. */
export interface RankedLevel extends Level {
  /** 1 for the best price. */
  readonly rank: number
  /** price × amount, in quote units. */
  readonly total: Decimal
  /** Running sum of `total` from the best price. */
  readonly cumSum: Decimal
}

/** The first `limit` levels, ranked, with exact totals and running sums. */
export function rank(levels: Iterable<Level>, limit: number): RankedLevel[] {
  return [...ranked(levels, limit)]
}

/** As {@link rank}, one level at a time, for whoever stops between two. */
export function* ranked(levels: Iterable<Level>, limit: number): Generator<RankedLevel> {
  let cumSum = ZERO
  let rank = 0
  if (limit <= 0) return
  for (const { price, amount } of levels) {
    const total = multiply(price, amount)
    cumSum = add(cumSum, total)
    yield { rank: ++rank, price, amount, total, cumSum }
    if (rank === limit) return
  }
}

/** The best of both sides; any book is one. */
export interface BestPrices {
  readonly bids: { readonly best: { readonly price: Decimal } | undefined }
  readonly asks: { readonly best: { readonly price: Decimal } | undefined }
}

/** (best bid + best ask) / 2, exact; undefined where a side is empty. */
export function midPrice(book: BestPrices): Decimal | undefined {
  const { best: bid } = book.bids
  const { best: ask } = book.asks
  return bid && ask && half(add(bid.price, ask.price))
}

/** best ask − best bid, below zero where the book is crossed; undefined where a side is empty. */
export function spread(book: BestPrices): Decimal | undefined {
  const { best: bid } = book.bids
  const { best: ask } = book.asks
  return bid && ask && subtract(ask.price, bid.price)
}

/** True where the best bid is at or above the best ask. */
export function isCrossed(book: BestPrices): boolean {
  const { best: bid } = book.bids
  const { best: ask } = book.asks
  return bid !== undefined && ask !== undefined && compare(bid.price, ask.price) >= 0
}

/**
 * Sum of price × amount of the levels with |price − mid| ≤ mid × bps / 10,000.
 *
 * @param levels one side of a book that is not crossed, so that its prices only go away from `mid`
 */
export function depthWithin(levels: Iterable<Level>, mid: Decimal, bps: number): Decimal {
  const reach = multiply(mid, { units: bps, scale: 4 })
  const lowest = subtract(mid, reach)
  const highest = add(mid, reach)
  let sum = ZERO
  for (const { price, amount } of levels) {
    if (compare(price, lowest) < 0 || compare(price, highest) > 0) break
    sum = add(sum, multiply(price, amount))
  }
  return sum
}
