/** What a market order of a given notional takes from one side of a book, and what it pays on average. */
import {
  add,
  compare,
  type Decimal,
  divide,
  multiply,
  type Rounding,
  round,
  subtract,
  ZERO,
} from './decimal.js'
import type { Level } from './ladder.js'
import { BUY, type Side } from './order-event.js'

/** How average prices are printed. */
export const PRICE: Rounding = { scale: 8, rounding: 'half-even' }
const BASE_AMOUNT: Rounding = { scale: 12, rounding: 'down' }
const BPS: Rounding = { scale: 4, rounding: 'half-even' }
const WHOLE_IN_BPS: Decimal = { units: 10_000, scale: 0 }

/** What an order takes of one level. */
export interface Taken<L extends Level = Level> {
  readonly level: L
  /** Money spent or received at the level, exact. */
  readonly total: Decimal
  /** Running sum of `total` from the best price. */
  readonly cumSum: Decimal
  /** True of the level with which the notional is reached; it may be taken in part. */
  readonly completes: boolean
}

/** The levels that an order of `notional`, above zero, takes: all of each, of the last what is left. */
export function* take<L extends Level>(
  levels: Iterable<L>,
  notional: Decimal,
): Generator<Taken<L>, void> {
  let cumSum = ZERO
  for (const level of levels) {
    const total = multiply(level.price, level.amount)
    const next = add(cumSum, total)
    if (compare(next, notional) >= 0) {
      yield { level, total: subtract(notional, cumSum), cumSum: notional, completes: true }
      return
    }
    cumSum = next
    yield { level, total, cumSum, completes: false }
  }
}

/** What an order paid or received. */
export interface Fill {
  /** False where the levels hold less than the notional. */
  readonly complete: boolean
  /** notional / base, rounded once; undefined where not complete, because no price is better than a wrong one. */
  readonly price: Decimal | undefined
  /** Base units, rounded down. */
  readonly baseAmount: Decimal
  /** Quote units, exact: the notional, or all that the levels hold. */
  readonly filledNotional: Decimal
  /** Price of the last level taken; undefined where there is none. */
  readonly worstPrice: Decimal | undefined
  /** Levels taken, the last one perhaps in part. */
  readonly levels: number
}

/**
 * Spends or receives exactly `notional`, above zero, against `levels`.
 *
 * To price a buy pass the asks; to price a sell pass the bids.
 */
export function sweep(levels: Iterable<Level>, notional: Decimal): Fill {
  let base = ZERO
  let filledNotional = ZERO
  let worstPrice: Decimal | undefined
  let count = 0
  for (const { level, total, cumSum, completes } of take(levels, notional)) {
    worstPrice = level.price
    filledNotional = cumSum
    count++
    if (completes) {
      const last = { total, price: level.price }
      const price = divide(multiply(notional, level.price), baseTimesPrice(base, last), PRICE)
      const baseAmount = baseAmountOf(base, last)
      return { complete: true, price, baseAmount, filledNotional, worstPrice, levels: count }
    }
    base = add(base, level.amount)
  }
  const baseAmount = baseAmountOf(base)
  return {
    complete: false,
    price: undefined,
    baseAmount,
    filledNotional,
    worstPrice,
    levels: count,
  }
}

/** Of a last level only so much was taken. */
export interface LastPart {
  readonly total: Decimal
  readonly price: Decimal
}

/** Base units: `base` of whole levels and, where there is one, the last part; rounded down once. */
export function baseAmountOf(base: Decimal, last?: LastPart): Decimal {
  if (last === undefined) return round(base, BASE_AMOUNT)
  return divide(baseTimesPrice(base, last), last.price, BASE_AMOUNT)
}

/** (base + total / price) × price. The base alone need not end in decimals; this does, so it is exact. */
function baseTimesPrice(base: Decimal, { total, price }: LastPart): Decimal {
  return add(multiply(base, price), total)
}

/** A level as far as an order takes it. */
export interface ExtractedLevel extends Level {
  readonly total: Decimal
  readonly cumSum: Decimal
}

/** The levels that an order of `notional` takes; the last `cumSum` is the notional where they hold as much. */
export function extract(levels: Iterable<Level>, notional: Decimal): ExtractedLevel[] {
  return Array.from(take(levels, notional), ({ level, total, cumSum, completes }) => {
    const { price } = level
    const amount = completes ? divide(total, price, BASE_AMOUNT) : level.amount
    return { price, amount, total, cumSum }
  })
}

/** What an order costs against the mid price in basis points; below zero where it pays less than that. */
export function slippage(order: {
  readonly side: Side
  readonly price: Decimal
  readonly mid: Decimal
}): Decimal {
  const { side, price, mid } = order
  return inBps(side === BUY ? subtract(price, mid) : subtract(mid, price), mid)
}

/** `part` of `whole`, which is not zero, in basis points. */
export function inBps(part: Decimal, whole: Decimal): Decimal {
  return divide(multiply(part, WHOLE_IN_BPS), whole, BPS)
}
