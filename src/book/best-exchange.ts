/** Where to buy or sell: the exchange with the best price, and how much better it is than the next. */
import { compare, type Decimal, isZero, subtract } from './decimal.js'
import { BUY, type Side } from './order-event.js'
import { inBps } from './sweep.js'

export interface ExchangePrice {
  readonly exchange: string
  /** As printed; undefined where its book is too thin, and then it never wins. */
  readonly price: Decimal | undefined
}

export interface BestExchange {
  readonly exchange: string
  readonly price: Decimal
  /** How much better than the next best, in basis points of that one's price; undefined where there is none. */
  readonly advantageBps: Decimal | undefined
}

/** The lowest price for a buy, the highest for a sell; at equal prices the first of `prices`. */
export function bestExchange(
  prices: Iterable<ExchangePrice>,
  side: Side,
): BestExchange | undefined {
  let best: { exchange: string; price: Decimal } | undefined
  let next: Decimal | undefined
  for (const { exchange, price } of prices) {
    if (price === undefined) continue
    if (best === undefined || isBetter(price, best.price, side)) {
      next = best?.price
      best = { exchange, price }
    } else if (next === undefined || isBetter(price, next, side)) {
      next = price
    }
  }
  return best && { ...best, advantageBps: advantage(best.price, next, side) }
}

function isBetter(price: Decimal, than: Decimal, side: Side): boolean {
  return side === BUY ? compare(price, than) < 0 : compare(price, than) > 0
}

function advantage(best: Decimal, next: Decimal | undefined, side: Side): Decimal | undefined {
  // A price under half of the last printed decimal prints as 0, and nothing is a share of that.
  if (next === undefined || isZero(next)) return undefined
  return inBps(side === BUY ? subtract(next, best) : subtract(best, next), next)
}
