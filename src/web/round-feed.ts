/** The exchange rounds of the last day, each put together from the records of two topics. */
import type {
  BookStatus,
  DecimalText,
  EpochMs,
  ExchangeDepth,
  MarketAnalytics,
  TradeSide,
} from '../wire/exchange-records.js'
import type { EventLog } from './event-log.js'
import type { FeedState, Now } from './ports.js'

/** So far back rounds are kept. */
export const ROUNDS_KEPT_MS = 24 * 3_600_000
/** However often exchanges are asked. */
const MAX_ROUNDS = 20_000
/** So long a round waits for the books of all its exchanges before it is told without them. */
const PATIENCE_MS = 3_000

export interface RoundPrice {
  readonly exchange: string
  readonly notional: DecimalText
  readonly side: TradeSide
  readonly price: DecimalText | null
}

/** What the API tells of a round as the topic has it. */
type RoundField =
  | 'poll_at'
  | 'market'
  | 'average_mid_price'
  | 'notional'
  | `${TradeSide}_${'exchange' | 'price' | 'advantage_bps'}`

/** One market at one poll, as the API tells it. */
export interface RoundAnswer extends Pick<MarketAnalytics, RoundField> {
  readonly exchanges: readonly (BookStatus & { readonly mid_price: DecimalText | null })[]
  readonly prices: readonly RoundPrice[]
}

/** What one market at one poll is made of, as far as it has come. */
export interface MarketRound {
  readonly pollAt: EpochMs
  readonly market: string
  analytics: MarketAnalytics | undefined
  /** By exchange. */
  readonly prices: Map<string, readonly RoundPrice[]>
  /** When its first new record came; undefined where it was read from the past or has been told. */
  newSinceMs: number | undefined
}

export class RoundFeed {
  readonly states: Record<'analytics' | 'depth', FeedState> = {
    analytics: { kind: 'waiting', why: 'reading has not begun' },
    depth: { kind: 'waiting', why: 'reading has not begun' },
  }
  readonly #events: EventLog
  readonly #now: Now
  readonly #rounds = new Map<string, MarketRound>()
  #skipped = 0
  #newestMs = 0

  constructor(events: EventLog, now: Now) {
    this.#events = events
    this.#now = now
  }

  get skipped(): number {
    return this.#skipped
  }

  /** When the newest round was polled; 0 before the first. */
  get newestMs(): EpochMs {
    return this.#newestMs
  }

  takeAnalytics(record: MarketAnalytics, isNew: boolean): void {
    const round = this.#round(record, isNew)
    // Kept for an answer that needs none of the rest, which is most of a record.
    round.analytics = { ...record, consolidated: [], depth: [] }
    this.#tellIfWhole(round)
  }

  takeDepth({ poll_at, market, exchange, fills }: ExchangeDepth, isNew: boolean): void {
    const round = this.#round({ poll_at, market }, isNew)
    const prices = fills.map(({ notional, side, price }) => ({ exchange, notional, side, price }))
    round.prices.set(exchange, prices)
    this.#tellIfWhole(round)
  }

  skip(): void {
    this.#skipped++
  }

  /** Tells of rounds that have waited long enough for books that do not come. */
  tellOverdue(): void {
    const before = this.#now() - PATIENCE_MS
    for (const round of this.#rounds.values()) {
      const isOverdue = round.newSinceMs !== undefined && round.newSinceMs <= before
      if (isOverdue && round.analytics !== undefined) this.#tell(round)
    }
  }

  /** In the order of time and market. */
  since(sinceMs: EpochMs, market: string | undefined): MarketRound[] {
    return [...this.#rounds.values()]
      .filter((round) => round.pollAt >= sinceMs)
      .filter((round) => market === undefined || round.market === market)
      .sort((a, b) => a.pollAt - b.pollAt || (a.market < b.market ? -1 : 1))
  }

  #round(
    { poll_at, market }: { readonly poll_at: EpochMs; readonly market: string },
    isNew: boolean,
  ): MarketRound {
    const key = `${poll_at} ${market}`
    const known = this.#rounds.get(key)
    if (known !== undefined) return known
    const newSinceMs = isNew ? this.#now() : undefined
    const round = { pollAt: poll_at, market, analytics: undefined, prices: new Map(), newSinceMs }
    this.#rounds.set(key, round)
    this.#newestMs = Math.max(this.#newestMs, poll_at)
    this.#forgetOld()
    return round
  }

  #forgetOld(): void {
    for (const [key, { pollAt }] of this.#rounds) {
      const isOld = pollAt < this.#newestMs - ROUNDS_KEPT_MS
      if (!isOld && this.#rounds.size <= MAX_ROUNDS) return
      this.#rounds.delete(key)
    }
  }

  #tellIfWhole(round: MarketRound): void {
    if (round.newSinceMs === undefined || round.analytics === undefined) return
    const { exchanges } = round.analytics
    if (exchanges.every(({ exchange }) => round.prices.has(exchange))) this.#tell(round)
  }

  #tell(round: MarketRound): void {
    round.newSinceMs = undefined
    const answer = roundAnswer(round)
    if (answer !== undefined) this.#events.pushRound(JSON.stringify(answer))
  }
}

/** Undefined where its analytics have not come. */
export function roundAnswer(round: MarketRound): RoundAnswer | undefined {
  const { analytics } = round
  if (analytics === undefined) return undefined
  return {
    poll_at: analytics.poll_at,
    market: analytics.market,
    average_mid_price: analytics.average_mid_price,
    notional: analytics.notional,
    buy_exchange: analytics.buy_exchange,
    buy_price: analytics.buy_price,
    buy_advantage_bps: analytics.buy_advantage_bps,
    sell_exchange: analytics.sell_exchange,
    sell_price: analytics.sell_price,
    sell_advantage_bps: analytics.sell_advantage_bps,
    exchanges: analytics.exchanges.map(({ exchange, usable, reason, detail, flags, mid_price }) => {
      return { exchange, usable, reason, detail, flags, mid_price }
    }),
    prices: pricesOf(round),
  }
}

/** In the order in which the analytics name the exchanges, which decides between equal prices. */
export function pricesOf({ analytics, prices }: MarketRound): RoundPrice[] {
  const named = analytics?.exchanges.map(({ exchange }) => exchange) ?? []
  const others = [...prices.keys()].filter((exchange) => !named.includes(exchange))
  return [...named, ...others].flatMap((exchange) => [...(prices.get(exchange) ?? [])])
}
