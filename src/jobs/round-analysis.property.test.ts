import { expect, test } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import type { NaiveLevel } from '../oracle/naive-depth.js'
import { type NaiveBook, naiveAnalytics, naiveVerdicts } from '../oracle/naive-round.js'
import { type Market, randomBook, randomMarket, type TextLevel } from '../testing/exchange-books.js'
import { answer, bodyOf, POLL_AT } from '../testing/exchange-polls.js'
import { Random } from '../testing/random.js'
import { analyseRound } from './round-analysis.js'

const EXCHANGES = ['coinbase', 'kraken', 'bitstamp', 'gemini']
const MARKET = 'BTC-USD'

test('what is said of a market is what exact fractions say, from the bodies on', () => {
  const random = new Random(4)
  const seen = new Map<string, number>()
  for (let round = 0; round < 4000; round++) {
    const exchanges = random.shuffle(EXCHANGES).slice(0, 1 + random.below(4))
    const market = randomMarket(random)
    const books = exchanges.map((exchange) => naiveBook(random, exchange, market))
    const fees = random.chance(0.3) ? {} : randomFees(random, exchanges)
    const notionals = [random.pick(['0.01', '1', '777', '50000']), '100000']
    const { depth, analytics } = analyse(books, { notionals, fees })

    const verdicts = naiveVerdicts(books)
    const said = depth.map(({ exchange, reason, flags }) => [exchange, reason ?? flags.join()])
    expect(new Map(said as [string, string][])).toEqual(new Map(verdicts))
    for (const verdict of verdicts.values()) seen.set(verdict, (seen.get(verdict) ?? 0) + 1)

    const usable = books.filter(({ exchange }) => /^(far_apart)?$/.test(verdicts.get(exchange)!))
    const expected = naiveAnalytics(usable, notionals[0]!, fees)
    expect(analytics[0]).toMatchObject(expected)
    for (const column of ['buy_exchange', 'net_sell_exchange'] as const) {
      const key = `${column} ${expected[column as keyof typeof expected] !== null}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
  }
  // Each case must have been met often, or the comparison says nothing about it.
  for (const edge of ['', 'empty', 'crossed', 'outlier', 'far_apart']) {
    expect(seen.get(edge), edge).toBeGreaterThan(200)
  }
  for (const column of ['buy_exchange', 'net_sell_exchange']) {
    for (const there of [true, false]) expect(seen.get(`${column} ${there}`)).toBeGreaterThan(500)
  }
})

function naiveBook(random: Random, exchange: string, market: Market): NaiveBook {
  const middle = random.chance(0.2)
    ? (market.middle * BigInt(90 + random.below(21))) / 100n
    : market.middle
  const { bids, asks } = randomBook(random, { ...market, middle: middle + 1n }, 6)
  const book = { exchange, bids: named(bids, exchange), asks: named(asks, exchange) }
  // Some books are locked, at the price of their best bid.
  if (!random.chance(0.05) || bids.length === 0 || asks.length === 0) return book
  return { ...book, asks: [{ ...book.asks[0]!, price: book.bids[0]!.price }] }
}

function named(levels: readonly TextLevel[], exchange: string): NaiveLevel[] {
  return levels.map((level) => ({ exchange, ...level }))
}

function randomFees(random: Random, exchanges: readonly string[]): Record<string, string> {
  const some = exchanges.filter(() => random.chance(0.7))
  return Object.fromEntries(
    some.map((exchange) => [exchange, random.pick(['0', '10', '26', '2.5'])]),
  )
}

function analyse(
  books: readonly NaiveBook[],
  { notionals, fees }: { notionals: readonly string[]; fees: Record<string, string> },
) {
  const records = books.map((book) => answer(book.exchange, MARKET, bodyOf(book.exchange, book)))
  const exchanges = books.map(({ exchange }) => exchange)
  const feeEntries = Object.entries(fees).map(([name, fee]) => [name, parseDecimal(fee)!] as const)
  return analyseRound(
    { pollAt: POLL_AT, exchanges, markets: [MARKET], records },
    {},
    { notionals: notionals.map((text) => parseDecimal(text)!), fees: new Map(feeEntries) },
  )
}
