/** Ten minutes of each way in which an exchange can fail: every minute has its analytics, right, the failure named. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import { naiveFill, naiveMid } from '../oracle/naive-depth.js'
import { nearestText } from '../oracle/naive-fraction.js'
import { coinbaseBody, krakenBody, proxyPage, refusal } from '../testing/exchanges/bodies.js'
import type { FaultKind } from '../testing/exchanges/faults.js'
import { spoiltBook } from '../testing/exchanges/faulty-answers.js'
import { type SimulatedExchange, simulatedBook } from '../testing/exchanges/moving-book.js'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged } from '../testing/memory-job.js'
import { answerOf, failureOf, MemoryRecords, plainCodec } from '../testing/memory-rounds.js'
import type { ExchangeDepth, ExchangePoll, MarketAnalytics } from '../wire/exchange-records.js'
import type { AnalysisProgress, PollProgress } from '../wire/round-progress.js'
import { analyse } from './analyse.js'
import { poll } from './poll.js'
import type { PollResult } from './ports.js'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 21, 12)
const MINUTES = 10
const MARKETS = ['BTC-USD', 'ETH-USD'] as const

type Market = (typeof MARKETS)[number]

function bodyOf(exchange: SimulatedExchange, market: Market, atMs: number, kind?: FaultKind) {
  const book = spoiltBook(simulatedBook({ seed: 1, exchange, market, atMs, levels: 60 }), kind)
  return exchange === 'coinbase' ? coinbaseBody(book, '2') : krakenBody(book, 500)
}

function answered(body: string, now: number): PollResult {
  const result = answerOf(body, now)
  return { ...result, sha256: createHash('sha256').update(result.body!).digest('hex') }
}

type Fails = (
  ask: { exchange: SimulatedExchange; market: Market; deadlineMs: number },
  clock: FakeClock,
  onLate: (result: PollResult) => void,
) => Promise<PollResult>

const fails =
  (error: NonNullable<ExchangePoll['error']>, afterMs: number): Fails =>
  async (_, clock) => {
    await clock.sleep(afterMs)
    return failureOf(error, clock.now())
  }

const says =
  (body: (exchange: SimulatedExchange, market: Market, now: number) => string): Fails =>
  async ({ exchange, market }, clock) => {
    await clock.sleep(200)
    return answered(body(exchange, market, clock.now()), clock.now())
  }

const spoils = (kind: FaultKind) =>
  says((exchange, market, now) => bodyOf(exchange, market, now, kind))

/** Name of the fault → which exchange has it, how it behaves to the poller, and the reason to be named. */
const FAULTS: Record<string, [SimulatedExchange, Fails, string | null]> = {
  'rate limited past the deadline': ['coinbase', fails('http_status', 150), 'http_status'],
  'HTTP 503 until the deadline': ['kraken', fails('http_status', 9_500), 'http_status'],
  'no answer': ['coinbase', fails('timeout', 10_000), 'timeout'],
  'a connection that is refused': [
    'kraken',
    fails('connection_failed', 9_000),
    'connection_failed',
  ],
  'a body that is cut off': ['kraken', fails('cut_off', 9_800), 'cut_off'],
  'a body without end': ['coinbase', fails('body_too_large', 3_000), 'body_too_large'],
  'a redirect elsewhere': ['coinbase', fails('redirect_refused', 100), 'redirect_refused'],
  'a page of HTML': ['coinbase', says(() => proxyPage(200)), 'invalid_body'],
  'half a body': ['kraken', says((...at) => bodyOf(...at).slice(0, 900)), 'invalid_body'],
  'an error with HTTP 200': [
    'kraken',
    says(() => refusal('kraken', 'EGeneral:No')),
    'exchange_error',
  ],
  'an empty book': ['coinbase', spoils('empty'), 'empty'],
  'a crossed book': ['kraken', spoils('crossed'), 'crossed'],
  'an auction': ['coinbase', spoils('auction'), 'in_auction'],
  'levels out of order': ['kraken', spoils('unsorted'), 'unsorted'],
  'a book of a minute ago': [
    'coinbase',
    says((exchange, market, now) => bodyOf(exchange, market, now - MINUTE)),
    'stale',
  ],
  'an answer after the deadline': [
    'kraken',
    async ({ exchange, market }, clock, onLate) => {
      await clock.sleep(10_000)
      const late = answered(bodyOf(exchange, market, clock.now()), clock.now())
      void clock.sleep(4_000).then(() => onLate({ ...late, kind: 'late' }))
      return failureOf('timeout', clock.now())
    },
    'timeout',
  ],
  'the same book again and again, without a time': [
    'kraken',
    says((exchange, market) => bodyOf(exchange, market, NOON)),
    null,
  ],
}

/** Ten minutes of polling with one exchange failing, and when each record was committed. */
async function polled(failing: SimulatedExchange, behave: Fails) {
  const clock = new FakeClock(NOON)
  const log = new MemoryRecords<PollProgress>()
  const codec = plainCodec<ExchangePoll>('depthline.ExchangePoll')
  const committedMs: number[] = []
  log.after = (records) => committedMs.push(...records.map(() => clock.now()))
  const healthy = says((...at) => bodyOf(...at))
  const ask = (request: Parameters<Fails>[0], onLate: (result: PollResult) => void) =>
    (request.exchange === failing ? behave : healthy)(request, clock, onLate)
  const stopping = new AbortController()
  const ports = {
    exchanges: { ask: ask as never },
    transactions: log,
    codec,
    clock,
    log: new Logged(),
  }
  const options = {
    job: 'exchange-books',
    owner: 'ours',
    version: '9',
    random: () => 0.5,
    topic: 'exchange-books',
    exchanges: ['coinbase', 'kraken'],
    markets: MARKETS,
    periodMs: MINUTE,
    deadlineMs: 10_000,
    once: false,
  }
  const done = poll(ports, options, stopping.signal)
  await clock.advance(MINUTES * MINUTE - 1_000)
  stopping.abort()
  await clock.advance(6_000)
  await done
  return { log, committedMs }
}

async function analysed(input: MemoryRecords<PollProgress>) {
  const clock = new FakeClock(NOON)
  const output = new MemoryRecords<AnalysisProgress>()
  const ports = {
    open: async (from: number) => input.reader('exchange-books', from),
    transactions: output,
    sinks: [],
    polls: plainCodec<ExchangePoll>('depthline.ExchangePoll'),
    depth: plainCodec<ExchangeDepth>('depthline.ExchangeDepth'),
    analytics: plainCodec<MarketAnalytics>('depthline.MarketAnalytics'),
    clock,
    log: new Logged(),
  }
  const options = {
    job: 'market-analytics',
    owner: 'ours',
    version: '9',
    random: () => 0.5,
    notionals: [parseDecimal('50000')!, parseDecimal('100000')!],
    fees: new Map(),
    depthTopic: 'exchange-depth',
    analyticsTopic: 'market-analytics',
    acceptIncomplete: false,
    once: true,
  }
  const done = analyse(ports, options, new AbortController().signal)
  await clock.advance(1_000)
  await done
  return output.values<MarketAnalytics>('market-analytics')
}

/** What the record of a body must say, computed from the body anew. */
function expectedOf(exchange: SimulatedExchange, body: Uint8Array) {
  const parsed = JSON.parse(new TextDecoder().decode(body))
  const book = exchange === 'kraken' ? (Object.values(parsed.result)[0] as typeof parsed) : parsed
  const levels = (side: string[][]) =>
    side.map(([price = '', amount = '']) => ({ exchange, price, amount }))
  const mid = naiveMid(book.bids[0][0], book.asks[0][0])
  return {
    average_mid_price: nearestText(mid, 8),
    mid_exchanges: [exchange],
    buy_exchange: exchange,
    buy_price: naiveFill(levels(book.asks), '50000', [exchange]).price,
    buy_advantage_bps: null,
    sell_exchange: exchange,
    sell_price: naiveFill(levels(book.bids), '50000', [exchange]).price,
    sell_advantage_bps: null,
  }
}

describe('ten minutes of one exchange with', () => {
  it.each(Object.keys(FAULTS))('%s', async (name) => {
    const [failing, behave, reason] = FAULTS[name]!
    const healthy = failing === 'coinbase' ? 'kraken' : 'coinbase'
    const { log, committedMs } = await polled(failing, behave)
    const polls = log.values<ExchangePoll>('exchange-books')
    const analytics = await analysed(log)

    const minutes = Array.from({ length: MINUTES }, (_, minute) => NOON + minute * MINUTE)
    const wanted = minutes.flatMap((pollAt) => MARKETS.map((market) => [pollAt, market]))
    expect(analytics.map(({ poll_at, market }) => [poll_at, market])).toEqual(wanted)
    for (const record of analytics) {
      const status = record.exchanges.find(({ exchange }) => exchange === failing)!
      const isFirst = record.poll_at === NOON
      expect(status).toMatchObject(
        reason === null
          ? { usable: true, flags: isFirst ? [] : ['same_body'] }
          : { usable: false, reason, flags: [] },
      )
      if (reason === null) continue
      const raw = polls.find(({ exchange, market, poll_at }) => {
        return exchange === healthy && market === record.market && poll_at === record.poll_at
      })!
      expect(record).toMatchObject(expectedOf(healthy, raw.body!))
    }
    // What the healthy exchange says is in Kafka within a second, whatever the other one does.
    for (const [index, { exchange, poll_at, kind }] of polls.entries()) {
      if (exchange !== healthy) continue
      expect(kind).toBe('answer')
      expect(committedMs[index]! - poll_at).toBeLessThan(1_000)
    }
  })
})
