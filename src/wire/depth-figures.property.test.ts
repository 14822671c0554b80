import { expect, test } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import { midPrice } from '../book/depth.js'
import { Ladder } from '../book/ladder.js'
import { BUY, SELL } from '../book/order-event.js'
import {
  type NaiveLevel,
  naiveDepthWithin,
  naiveExtract,
  naiveFill,
  naiveMerge,
  naiveMid,
  naiveSlippage,
} from '../oracle/naive-depth.js'
import { exactText, fraction, minus, over, plus, times, whole } from '../oracle/naive-fraction.js'
import {
  randomBook,
  randomMarket,
  type TextBook,
  type TextLevel,
} from '../testing/exchange-books.js'
import { Random } from '../testing/random.js'
import { consolidatedFills, depthRecords, extractRecords, fillRecords } from './depth-figures.js'

const BOOKS = 10_000
const EXCHANGES = ['coinbase', 'kraken', 'bitstamp']
const seen = {
  books: 0,
  empty: 0,
  oneLevel: 0,
  tooThin: 0,
  oneCentTooThin: 0,
  exactHit: 0,
  firstInPart: 0,
  ties: 0,
  crossed: 0,
}

test('fills, extracts, depth and splits are those of exact fractions, to the last digit', () => {
  const random = new Random(20_261)
  while (seen.books < BOOKS) {
    const market = randomMarket(random)
    const most = random.pick([3, 8, 8, 30])
    const count = 1 + random.below(3)
    const books = Array.from({ length: count }, () => randomBook(random, market, most))
    for (const book of books) compareBook(book, chooseNotionals(random, book))
    compareConsolidated(books, chooseNotionals(random, random.pick(books)))
  }
  // Each edge must have been met often, or the comparison says nothing about it.
  for (const [edge, times] of Object.entries(seen)) expect(times, edge).toBeGreaterThan(200)
}, 60_000)

test('the same holds of books with thousands of levels', () => {
  const random = new Random(7)
  for (let round = 0; round < 4; round++) {
    const market = { middle: 3_000_000n, scale: 2, amountScale: 8, amountDigits: 8 }
    const book = randomBook(random, market, 2000)
    compareBook(book, ['50000', '100000'])
    compareConsolidated([book, randomBook(random, market, 2000)], ['50000', '100000'])
  }
})

function compareBook(book: TextBook, notionals: readonly string[]): void {
  const { bids, asks } = ladders(book)
  const middle = middleOf(book)
  const mid = midPrice({ bids, asks }) ?? parseDecimal(exactText(middle))!
  const decimals = notionals.map((notional) => parseDecimal(notional)!)
  const fills = notionals.flatMap((notional) => [
    naiveRecord(named(book.asks), { side: 'buy', notional, mid: middle }),
    naiveRecord(named(book.bids), { side: 'sell', notional, mid: middle }),
  ])
  expect(fillRecords({ bids, asks, mid }, decimals)).toEqual(
    fills.map(({ split, ...fill }) => fill),
  )
  for (const notional of notionals) {
    const decimal = parseDecimal(notional)!
    expect(extractRecords(asks, decimal)).toEqual(naiveExtract(named(book.asks), notional))
    expect(extractRecords(bids, decimal)).toEqual(naiveExtract(named(book.bids), notional))
  }
  expect(depthRecords({ bids, asks, mid })).toEqual(
    [10, 50, 100].map((bps) => ({
      bps,
      bids: naiveDepthWithin(named(book.bids), middle, bps),
      asks: naiveDepthWithin(named(book.asks), middle, bps),
    })),
  )
  countEdges(book, fills)
}

function compareConsolidated(books: readonly TextBook[], notionals: readonly string[]): void {
  const sides = books.map((book, at) => ({ exchange: EXCHANGES[at]!, ...ladders(book) }))
  const asks = naiveMerge(
    books.map((book, at) => named(book.asks, EXCHANGES[at])),
    'asks',
  )
  const bids = naiveMerge(
    books.map((book, at) => named(book.bids, EXCHANGES[at])),
    'bids',
  )
  const middle = middleOf({ bids, asks })
  const mid = parseDecimal(exactText(middle))!
  const fills = notionals.flatMap((notional) => [
    naiveRecord(asks, { side: 'buy', notional, mid: middle }),
    naiveRecord(bids, { side: 'sell', notional, mid: middle }),
  ])
  const decimals = notionals.map((notional) => parseDecimal(notional)!)
  const withMid = sides.map((side) => ({ ...side, mid }))
  expect(consolidatedFills(withMid, { mid, notionals: decimals })).toEqual(fills)
  if (new Set(asks.map(({ price }) => exactText(fraction(price)))).size < asks.length) seen.ties++
  if (bids[0] && asks[0] && minus(fraction(bids[0].price), fraction(asks[0].price)).over > 0n) {
    seen.crossed++
  }
}

interface NaiveOrder {
  readonly side: 'buy' | 'sell'
  readonly notional: string
  readonly mid: ReturnType<typeof naiveMid>
}

function naiveRecord(levels: readonly NaiveLevel[], { side, notional, mid }: NaiveOrder) {
  const fill = naiveFill(levels, notional, EXCHANGES)
  const slippage_bps = fill.price === null ? null : naiveSlippage(side, fill.price, mid)
  return { notional: exactText(fraction(notional)), side, ...fill, slippage_bps }
}

/** Two notionals of which one meets an edge: a level's very end, a cent more than all, a part of the first level. */
function chooseNotionals(random: Random, book: TextBook): string[] {
  const levels = random.pick([book.bids, book.asks])
  const upTo = levels.slice(0, 1 + random.below(levels.length + 1))
  const edge = sumOf(random.chance(0.3) ? levels : upTo)
  const first = sumOf(levels.slice(0, 1))
  const chosen = random.pick([
    edge,
    plus(edge, fraction('0.01')),
    over(first, whole(2)),
    over(times(edge, whole(1 + random.below(99))), whole(100)),
    times(edge, whole(2)),
    whole(1 + random.below(1_000_000)),
  ])
  return [chosen.over === 0n ? '0.01' : exactText(chosen), random.pick(['50000', '100000'])]
}

function countEdges(
  { bids, asks }: TextBook,
  fills: readonly ReturnType<typeof naiveRecord>[],
): void {
  seen.books++
  if (bids.length === 0 || asks.length === 0) seen.empty++
  if (bids.length === 1 || asks.length === 1) seen.oneLevel++
  for (const fill of fills) {
    const levels = fill.side === 'buy' ? asks : bids
    const taken = exactText(sumOf(levels.slice(0, fill.levels)))
    if (!fill.complete && fill.levels > 0) seen.tooThin++
    if (exactText(plus(sumOf(levels), fraction('0.01'))) === fill.notional) seen.oneCentTooThin++
    if (fill.complete && taken === fill.notional) seen.exactHit++
    if (fill.complete && fill.levels === 1 && taken !== fill.notional) seen.firstInPart++
  }
}

function sumOf(levels: readonly TextLevel[]) {
  const totals = levels.map(({ price, amount }) => times(fraction(price), fraction(amount)))
  return totals.reduce(plus, whole(0))
}

/** The mid price; where a side is empty the other's best price, so that there is something to compare with. */
function middleOf({ bids, asks }: TextBook) {
  const bid = bids[0]?.price ?? asks[0]?.price ?? '1'
  return naiveMid(bid, asks[0]?.price ?? bid)
}

function named(levels: readonly TextLevel[], exchange = EXCHANGES[0]!): NaiveLevel[] {
  return levels.map((level) => ({ exchange, ...level }))
}

function ladders(book: TextBook): { bids: Ladder; asks: Ladder } {
  const both = { bids: new Ladder(BUY), asks: new Ladder(SELL) }
  for (const side of ['bids', 'asks'] as const) {
    for (const { price, amount } of book[side]) {
      both[side].set(parseDecimal(price)!, parseDecimal(amount)!)
    }
  }
  return both
}
