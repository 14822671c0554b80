/** A round of full-size exchange books: how long one takes from its bytes to all that is published of it. */
import { parseDecimal } from '../src/book/decimal.js'
import { Random } from '../src/jobs/random.js'
import { analyseRound, type Round } from '../src/jobs/round-analysis.js'
import type { TextLevel } from '../src/testing/exchange-books.js'
import { answer, bodyOf, POLL_AT } from '../src/testing/exchange-polls.js'
import { median, quantile, report } from './report.js'

const EXCHANGES = ['coinbase', 'kraken']
const MARKETS = ['BTC-USD', 'ETH-USD']
const OPTIONS = {
  notionals: ['50000', '100000'].map((text) => parseDecimal(text)!),
  fees: new Map(EXCHANGES.map((exchange) => [exchange, parseDecimal('26')!])),
}
const WARM_UP = 10
const ROUNDS = 100

const random = new Random(1)
report(
  'exchange-round',
  `${ROUNDS} rounds of 2 exchanges × 2 markets after ${WARM_UP} others, one thread, from the records of the bodies to those of depth and analytics, SHA-256 included; milliseconds`,
  {
    // Indented, as some exchanges write them, or full of levels: both have the size of Coinbase's.
    '5,000 levels a side in 1.1 MB': measure({ levels: 5000, indent: 7 }),
    '20,000 levels a side in 1.1 MB': measure({ levels: 20_000, indent: 0 }),
  },
)

function measure({ levels, indent }: { levels: number; indent: number }) {
  const records = MARKETS.flatMap((market) =>
    EXCHANGES.map((exchange) => {
      return answer(exchange, market, indented(bodyOf(exchange, book(levels)), indent))
    }),
  )
  const whole = timesOf({ pollAt: POLL_AT, exchanges: EXCHANGES, markets: MARKETS, records })
  const single = records.flatMap((record) => {
    const [exchanges, markets] = [[record.exchange!], [record.market!]]
    return timesOf({ pollAt: POLL_AT, exchanges, markets, records: [record] })
  })
  return {
    smallestBodyBytes: Math.min(...records.map(({ body }) => body!.length)),
    book: { p50: round(median(single)), p99: round(quantile(single, 0.99)) },
    round: { p50: round(median(whole)), p99: round(quantile(whole, 0.99)) },
  }
}

function timesOf(input: Round): number[] {
  const times: number[] = []
  for (let run = 0; run < WARM_UP + ROUNDS; run++) {
    const start = performance.now()
    const { depth } = analyseRound(input, {}, OPTIONS)
    if (run >= WARM_UP) times.push(performance.now() - start)
    if (depth.some(({ usable, fills }) => !usable || fills.some(({ complete }) => !complete))) {
      throw new Error('a book that cannot be priced measures nothing')
    }
  }
  return times
}

/** Around 60,000, a level every few cents, as deep as a busy market: some ten levels for $100k. */
function book(levels: number): { bids: TextLevel[]; asks: TextLevel[] } {
  const side = (away: number) => {
    let cents = 6_000_000 + away
    return Array.from({ length: levels }, () => {
      cents += away * (1 + random.below(50))
      const amount = `0.${`${1 + random.below(2_000_000)}`.padStart(7, '0')}${random.below(10)}`
      return { price: (cents / 100).toFixed(2), amount }
    })
  }
  return { bids: side(-1), asks: side(1) }
}

function indented(body: Uint8Array, indent: number): Uint8Array {
  return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString()), null, indent))
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
