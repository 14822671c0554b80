/** From one round's answers to what is published about it, and nothing else: the same records give the same bytes. */
import { toText } from '../book/decimal.js'
import { spread } from '../book/depth.js'
import { depthRecords, extractRecords, fillRecords, textOrNull } from '../wire/depth-figures.js'
import type {
  EpochMs,
  ExchangeDepth,
  ExchangePoll,
  MarketAnalytics,
} from '../wire/exchange-records.js'
import { bookKey } from '../wire/round-progress.js'
import { type AnalysisOptions, marketAnalytics } from './market-analytics.js'
import { type Judged, judgeBooks, statusOf } from './usable-books.js'

/** One poll, as its `round_complete` record and those before it tell it. */
export interface Round {
  readonly pollAt: EpochMs
  /** The preferred one at equal prices first. */
  readonly exchanges: readonly string[]
  readonly markets: readonly string[]
  /** In the order of the topic; the first answer, failure or not_polled of an exchange and market counts. */
  readonly records: readonly ExchangePoll[]
}

/** `exchange/market` → SHA-256 of the body that a round brought: all that the next round must know of it. */
export type BodyHashes = Readonly<Record<string, string>>

export interface RoundAnalysis {
  /** By market, then by exchange, in the round's order. */
  readonly depth: readonly ExchangeDepth[]
  /** By market, in the round's order. */
  readonly analytics: readonly MarketAnalytics[]
  readonly bodies: BodyHashes
}

/** @param before the `bodies` of the poll before; empty where there was none */
export function analyseRound(
  round: Round,
  before: BodyHashes,
  options: AnalysisOptions,
): RoundAnalysis {
  const records = firstRecords(round)
  const depth: ExchangeDepth[] = []
  const analytics: MarketAnalytics[] = []
  for (const market of round.markets) {
    const answers = round.exchanges.map((exchange) => {
      const key = bookKey(exchange, market)
      const record = records.get(key)
      const isSameBody = record?.sha256 != null && record.sha256 === before[key]
      return { exchange, record, isSameBody }
    })
    const judged = judgeBooks(answers)
    const at = { pollAt: round.pollAt, market }
    const own = judged.map((one) => exchangeDepth(at, one, options))
    depth.push(...own)
    analytics.push(marketAnalytics({ ...at, judged, depth: own }, options))
  }
  return { depth, analytics, bodies: bodyHashes(records) }
}

/** What came too late, or belongs to another round, takes no part. */
function firstRecords({ pollAt, records }: Round): Map<string, ExchangePoll> {
  const first = new Map<string, ExchangePoll>()
  for (const record of records) {
    const { kind, poll_at, exchange, market } = record
    if (kind === 'late' || poll_at !== pollAt || exchange === null || market === null) continue
    const key = bookKey(exchange, market)
    if (!first.has(key)) first.set(key, record)
  }
  return first
}

function bodyHashes(records: ReadonlyMap<string, ExchangePoll>): BodyHashes {
  const hashes: Record<string, string> = {}
  for (const [key, { kind, sha256 }] of records) {
    if (kind === 'answer' && sha256 !== null) hashes[key] = sha256
  }
  return hashes
}

function exchangeDepth(
  { pollAt, market }: { readonly pollAt: EpochMs; readonly market: string },
  judged: Judged,
  { notionals }: AnalysisOptions,
): ExchangeDepth {
  const { record, bookAtMs, verdict } = judged
  const { exchange, ...status } = statusOf(judged)
  const book = verdict.usable ? verdict : undefined
  const largest = notionals.at(-1)!
  return {
    poll_at: pollAt,
    exchange,
    market,
    ...status,
    requested_at: record?.requested_at ?? null,
    responded_at: record?.responded_at ?? null,
    book_at: bookAtMs ?? null,
    status: record?.status ?? null,
    sha256: record?.sha256 ?? null,
    best_bid: textOrNull(book?.bids.best?.price),
    best_ask: textOrNull(book?.asks.best?.price),
    mid_price: textOrNull(book?.mid),
    spread: textOrNull(book && spread(book)),
    fills: book ? fillRecords(book, notionals) : [],
    extract_notional: toText(largest),
    bids: book ? extractRecords(book.bids, largest) : [],
    asks: book ? extractRecords(book.asks, largest) : [],
    depth: book ? depthRecords(book) : [],
  }
}
