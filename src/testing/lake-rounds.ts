/** Rounds for tests of the lake: records of every kind, from a seed. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { LakeRound } from '../storage/lake.js'
import type {
  ExchangeDepth,
  ExchangePoll,
  FillRecord,
  MarketAnalytics,
} from '../wire/exchange-records.js'
import { Random } from './random.js'

export const FIRST_ROUND = Date.parse('2026-11-20T22:57:00Z')
const EXCHANGES = ['coinbase', 'kraken']
const MARKETS = ['BTC-USD', 'ETH-USD']
/** 40 digits before the point: more than DECIMAL(38,18) holds. */
export const HUGE = '1234567890123456789012345678901234567890.000000000000000001'

/** The same `pollAt` gives the same round; others differ in their bodies and prices. */
export function lakeRound(pollAt: number, bodyBytes = 200): LakeRound {
  const random = new Random(pollAt / 1000)
  const asked = EXCHANGES.flatMap((exchange) => MARKETS.map((market) => ({ exchange, market })))
  const answers = asked.map(({ exchange, market }) =>
    pollRecord({ pollAt, exchange, market, body: bodyText(random, bodyBytes) }),
  )
  const late = pollRecord({ ...asked[0]!, pollAt: pollAt - 60_000, body: 'late' })
  const complete: ExchangePoll = {
    ...pollRecord({ ...asked[0]!, pollAt, body: '' }),
    ...{ kind: 'round_complete', exchange: null, market: null, requested_at: null },
    ...{ responded_at: null, attempts: 0, status: null, sha256: null, body: null },
    ...{ exchanges: EXCHANGES, markets: MARKETS },
  }
  return {
    pollAt,
    polls: [answers[0]!, { ...late, kind: 'late' }, ...answers.slice(1), complete],
    depth: asked.map(({ exchange, market }) => depthRecord(pollAt, exchange, market, random)),
    analytics: MARKETS.map((market) => analyticsRecord(pollAt, market, random)),
  }
}

/** Rounds a minute apart. */
export function lakeRounds(count: number, first = FIRST_ROUND): LakeRound[] {
  return Array.from({ length: count }, (_, n) => lakeRound(first + n * 60_000))
}

/** Every file of a folder by its path with its hash, and every link with what it leads to. */
export function treeOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(paths.map((path) => [path, contentOf(join(folder, path))]))
}

function contentOf(path: string): string {
  const stats = lstatSync(path)
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path)}`
  return stats.isDirectory() ? 'folder' : sha256(readFileSync(path))
}

function pollRecord(of: {
  pollAt: number
  exchange: string
  market: string
  body: string
}): ExchangePoll {
  const body = new TextEncoder().encode(of.body)
  return {
    kind: 'answer',
    poll_at: of.pollAt,
    exchange: of.exchange,
    market: of.market,
    requested_at: of.pollAt + 12,
    responded_at: of.pollAt + 345,
    attempts: 1,
    status: 200,
    error: null,
    detail: null,
    sha256: sha256(body),
    body,
    origin: null,
    exchanges: null,
    markets: null,
  }
}

/** Text that compresses about as well as a real body. */
function bodyText(random: Random, bytes: number): string {
  const rows: string[] = []
  for (let length = 0; length < bytes; length += rows.at(-1)!.length + 1) {
    rows.push(`["${34_000 + random.below(99_999) / 100}","${random.below(1e9) / 1e8}",1]`)
  }
  return rows.join(',').slice(0, bytes)
}

export function depthRecord(
  pollAt: number,
  exchange: string,
  market: string,
  random: Random,
): ExchangeDepth {
  const price = `${34_000 + random.below(99_999) / 100}`
  const level = { price, amount: '6.5137', total: '221760.479788', cum_sum: '221760.479788' }
  return {
    poll_at: pollAt,
    exchange,
    market,
    usable: true,
    reason: null,
    detail: null,
    flags: ['same_body'],
    requested_at: pollAt + 12,
    responded_at: pollAt + 345,
    book_at: null,
    status: 200,
    sha256: null,
    best_bid: price,
    best_ask: price,
    mid_price: '34045.245',
    spread: '0.01',
    fills: [
      fill('50000', 'buy'),
      fill('50000', 'sell'),
      fill('100000', 'buy'),
      fill('100000', 'sell'),
    ],
    extract_notional: '100000',
    bids: [level, { ...level, cum_sum: HUGE }],
    asks: [level],
    depth: [10, 50, 100].map((bps) => ({ bps, bids: HUGE, asks: `${bps}.5` })),
  }
}

function fill(notional: string, side: 'buy' | 'sell'): FillRecord {
  return {
    notional,
    side,
    complete: side === 'buy',
    price: side === 'buy' ? '34045.24571234' : null,
    base_amount: '1.468634567891',
    filled_notional: notional,
    worst_price: '34046',
    levels: 3,
    slippage_bps: side === 'buy' ? '-0.0002' : null,
  }
}

export function analyticsRecord(pollAt: number, market: string, random: Random): MarketAnalytics {
  const price = `${34_000 + random.below(99_999) / 100}`
  const best = { buy_exchange: 'kraken', buy_price: price, buy_advantage_bps: '0.5' }
  const none = { exchange: null, price: null, advantage_bps: null }
  return {
    poll_at: pollAt,
    market,
    average_mid_price: '34045.245',
    mid_exchanges: EXCHANGES,
    notional: '50000',
    ...best,
    sell_exchange: 'coinbase',
    sell_price: price,
    sell_advantage_bps: null,
    net_buy_exchange: none.exchange,
    net_buy_price: none.price,
    net_buy_advantage_bps: none.advantage_bps,
    net_sell_exchange: none.exchange,
    net_sell_price: none.price,
    net_sell_advantage_bps: none.advantage_bps,
    consolidated_best_bid: price,
    consolidated_best_ask: null,
    consolidated: [
      {
        ...fill('50000', 'buy'),
        split: [{ exchange: 'kraken', base_amount: '1.5', notional: '50000' }],
      },
    ],
    exchanges: EXCHANGES.map((exchange) => ({
      ...{ exchange, usable: true, reason: null, detail: null, flags: [] },
      ...{ mid_price: price, fee_bps: null },
    })),
    depth: [{ exchange: 'kraken', bps: 10, bids: '1', asks: HUGE }],
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
