/** The oracle of a round: which books take part, and what the BI team reads of a market. */
import { type NaiveLevel, naiveBest, naiveFill, naiveMerge, naiveMid } from './naive-depth.js'
import {
  exactText,
  type Fraction,
  fraction,
  isLess,
  minus,
  nearestText,
  over,
  plus,
  times,
  whole,
} from './naive-fraction.js'

export interface NaiveBook {
  readonly exchange: string
  readonly bids: readonly NaiveLevel[]
  readonly asks: readonly NaiveLevel[]
}

/** Exchange → why its book takes no part, or its flags. */
export type NaiveVerdicts = ReadonlyMap<string, string>

/** Judges books of which only levels are known: empty, crossed, outlier, far_apart. */
export function naiveVerdicts(books: readonly NaiveBook[]): NaiveVerdicts {
  const verdicts = new Map<string, string>()
  const mids = new Map<string, Fraction>()
  for (const { exchange, bids, asks } of books) {
    const [bid, ask] = [bids[0]?.price, asks[0]?.price]
    if (bid === undefined || ask === undefined) verdicts.set(exchange, 'empty')
    else if (!isLess(fraction(bid), fraction(ask))) verdicts.set(exchange, 'crossed')
    else mids.set(exchange, naiveMid(bid, ask))
  }
  const median = medianOf([...mids.values()])
  for (const [exchange, mid] of mids) {
    const away = minus(mid, median)
    const distance = isLess(away, whole(0)) ? minus(whole(0), away) : away
    const isFar = isLess(times(median, fraction('0.05')), distance)
    verdicts.set(exchange, !isFar ? '' : mids.size === 2 ? 'far_apart' : 'outlier')
  }
  return verdicts
}

function medianOf(values: readonly Fraction[]): Fraction {
  const sorted = values.toSorted((a, b) => (isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0))
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? whole(0)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? whole(0)
  return over(plus(lower, upper), whole(2))
}

/** @param books the usable ones, the preferred first; @param fees exchange → basis points */
export function naiveAnalytics(
  books: readonly NaiveBook[],
  notional: string,
  fees: Readonly<Record<string, string>>,
) {
  const mids = books.map(({ bids, asks }) => naiveMid(bids[0]!.price, asks[0]!.price))
  const average = over(mids.reduce(plus, whole(0)), whole(Math.max(mids.length, 1)))
  const bids = naiveMerge(
    books.map((book) => book.bids),
    'bids',
  )
  const asks = naiveMerge(
    books.map((book) => book.asks),
    'asks',
  )
  const priced = (side: 'buy' | 'sell') => {
    return books.map((book): readonly [string, string | null] => {
      const levels = side === 'buy' ? book.asks : book.bids
      return [book.exchange, naiveFill(levels, notional, []).price]
    })
  }
  const net = (side: 'buy' | 'sell') => {
    return priced(side).flatMap(([exchange, price]): (readonly [string, string])[] => {
      const fee = fees[exchange]
      return fee === undefined || price === null ? [] : [[exchange, netPrice(price, fee, side)]]
    })
  }
  return {
    average_mid_price: books.length === 0 ? null : nearestText(average, 8),
    mid_exchanges: books.map(({ exchange }) => exchange),
    ...columns('buy', naiveBest(priced('buy'), 'buy')),
    ...columns('sell', naiveBest(priced('sell'), 'sell')),
    ...columns('net_buy', naiveBest(net('buy'), 'buy')),
    ...columns('net_sell', naiveBest(net('sell'), 'sell')),
    consolidated_best_bid: bids[0] === undefined ? null : exactText(fraction(bids[0].price)),
    consolidated_best_ask: asks[0] === undefined ? null : exactText(fraction(asks[0].price)),
  }
}

function netPrice(price: string, fee: string, side: 'buy' | 'sell'): string {
  const share = over(fraction(fee), whole(10_000))
  const factor = side === 'buy' ? plus(whole(1), share) : minus(whole(1), share)
  return nearestText(times(fraction(price), factor), 8)
}

function columns(name: string, best: ReturnType<typeof naiveBest>): Record<string, string | null> {
  return {
    [`${name}_exchange`]: best.exchange,
    [`${name}_price`]: best.price,
    [`${name}_advantage_bps`]: best.advantage,
  }
}
