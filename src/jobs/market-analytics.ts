/** One market at one poll, for the BI team: the average mid price, where to buy and sell, all books as one. */
import { bestExchange } from '../book/best-exchange.js'
import { consolidate } from '../book/consolidated.js'
import {
  add,
  type Decimal,
  divide,
  half,
  multiply,
  round,
  subtract,
  toText,
} from '../book/decimal.js'
import { BUY, SELL, type Side } from '../book/order-event.js'
import { PRICE, sweep } from '../book/sweep.js'
import { consolidatedFills, textOrNull } from '../wire/depth-figures.js'
import type {
  DecimalText,
  EpochMs,
  ExchangeDepth,
  MarketAnalytics,
} from '../wire/exchange-records.js'
import { type Judged, statusOf, type UsableBook } from './usable-books.js'

export interface AnalysisOptions {
  /** Above zero, ascending, at least one; the smallest is the one that the preferred exchange is named for. */
  readonly notionals: readonly Decimal[]
  /** Exchange → taker fee in basis points; whoever is not in it takes no part in the net ranking. */
  readonly fees: ReadonlyMap<string, Decimal>
}

interface NamedBook extends UsableBook {
  readonly exchange: string
}

/** One market in one round: every exchange in the round's order, the preferred one at equal prices first. */
export interface JudgedMarket {
  readonly pollAt: EpochMs
  readonly market: string
  readonly judged: readonly Judged[]
  /** What is already said of each of them. */
  readonly depth: readonly ExchangeDepth[]
}

export function marketAnalytics(
  { pollAt, market, judged, depth }: JudgedMarket,
  { notionals, fees }: AnalysisOptions,
): MarketAnalytics {
  const books = judged.flatMap(({ exchange, verdict }) => {
    return verdict.usable ? [{ exchange, ...verdict }] : []
  })
  const notional = notionals[0]!
  const bestBid = bestOf(books, BUY)
  const bestAsk = bestOf(books, SELL)
  const mid = bestBid && bestAsk && half(add(bestBid, bestAsk))
  return {
    poll_at: pollAt,
    market,
    average_mid_price: textOrNull(averageMid(books)),
    mid_exchanges: books.map(({ exchange }) => exchange),
    notional: toText(notional),
    ...rankings(books, { notional, fees }),
    consolidated_best_bid: textOrNull(bestBid),
    consolidated_best_ask: textOrNull(bestAsk),
    consolidated: mid === undefined ? [] : consolidatedFills(books, { mid, notionals }),
    exchanges: judged.map((one) => ({
      ...statusOf(one),
      mid_price: textOrNull(one.verdict.usable ? one.verdict.mid : undefined),
      fee_bps: textOrNull(fees.get(one.exchange)),
    })),
    depth: depth.flatMap(({ exchange, depth }) => depth.map((near) => ({ exchange, ...near }))),
  }
}

/** Where to buy and sell, each before and after fees. */
function rankings(books: readonly NamedBook[], order: Omit<PricedOrder, 'side'>) {
  const buy = preferred(books, { ...order, side: BUY })
  const sell = preferred(books, { ...order, side: SELL })
  return {
    buy_exchange: buy.plain.exchange,
    buy_price: buy.plain.price,
    buy_advantage_bps: buy.plain.advantage,
    sell_exchange: sell.plain.exchange,
    sell_price: sell.plain.price,
    sell_advantage_bps: sell.plain.advantage,
    net_buy_exchange: buy.net.exchange,
    net_buy_price: buy.net.price,
    net_buy_advantage_bps: buy.net.advantage,
    net_sell_exchange: sell.net.exchange,
    net_sell_price: sell.net.price,
    net_sell_advantage_bps: sell.net.advantage,
  }
}

function averageMid(books: readonly NamedBook[]): Decimal | undefined {
  if (books.length === 0) return undefined
  const sum = books.map(({ mid }) => mid).reduce(add)
  return divide(sum, { units: books.length, scale: 0 }, PRICE)
}

/** The best price of all books' bids (BUY) or asks (SELL). */
function bestOf(books: readonly NamedBook[], side: Side): Decimal | undefined {
  const sides = books.map(({ exchange, bids, asks }) => {
    return { exchange, levels: side === BUY ? bids : asks }
  })
  const [best] = consolidate(sides, side)
  return best?.price
}

interface Preferred {
  readonly exchange: string | null
  readonly price: DecimalText | null
  readonly advantage: DecimalText | null
}

interface PricedOrder {
  readonly side: Side
  readonly notional: Decimal
  readonly fees: AnalysisOptions['fees']
}

/** Where the order is best placed, before and after fees. */
function preferred(
  books: readonly NamedBook[],
  { side, notional, fees }: PricedOrder,
): { readonly plain: Preferred; readonly net: Preferred } {
  const prices = books.map(({ exchange, bids, asks }) => {
    return { exchange, price: sweep(side === BUY ? asks : bids, notional).price }
  })
  const netPrices = prices.map(({ exchange, price }) => {
    const fee = fees.get(exchange)
    return { exchange, price: price && fee && netPrice(price, fee, side) }
  })
  return { plain: printed(bestExchange(prices, side)), net: printed(bestExchange(netPrices, side)) }
}

/** A buy pays the fee on top, a sell gets as much less. */
function netPrice(price: Decimal, feeBps: Decimal, side: Side): Decimal {
  const fee = multiply(price, multiply(feeBps, ONE_BASIS_POINT))
  return round(side === BUY ? add(price, fee) : subtract(price, fee), PRICE)
}

const ONE_BASIS_POINT: Decimal = { units: 1, scale: 4 }

function printed(best: ReturnType<typeof bestExchange>): Preferred {
  return {
    exchange: best?.exchange ?? null,
    price: textOrNull(best?.price),
    advantage: textOrNull(best?.advantageBps),
  }
}
