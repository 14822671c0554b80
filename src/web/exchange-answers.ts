/** What is read off the exchange rounds: the rounds themselves, and who is best for an order. */
import { bestExchange } from '../book/best-exchange.js'
import { type Decimal, parseDecimal, toText } from '../book/decimal.js'
import { BUY, SELL } from '../book/order-event.js'
import type { TradeSide } from '../wire/exchange-records.js'
import { type Answer, type Refusal, refusal } from './answer.js'
import type { FeedState, Table } from './ports.js'
import {
  type MarketRound,
  pricesOf,
  type RoundAnswer,
  type RoundFeed,
  roundAnswer,
} from './round-feed.js'

export interface RoundQuery {
  readonly sinceMs: number
  readonly market: string | undefined
}

export function roundsAnswer(feed: RoundFeed, query: RoundQuery): Answer | Refusal {
  const rounds = feed.since(query.sinceMs, query.market)
  const body = rounds.map(roundAnswer).filter((round): round is RoundAnswer => round !== undefined)
  return { body }
}

export interface BestQuery extends RoundQuery {
  readonly side: TradeSide
  readonly notional: Decimal
}

const BEST_COLUMNS = [
  'poll_at',
  'market',
  'side',
  'notional',
  'exchange',
  'price',
  'advantage_bps',
] as const
type BestRow = Record<(typeof BEST_COLUMNS)[number], string | number | null>

export function bestAnswer(feed: RoundFeed, query: BestQuery): Answer | Refusal {
  const rounds = feed.since(query.sinceMs, query.market)
  if (rounds.length === 0 && feed.states.depth.kind === 'waiting') {
    return notThere(feed.states.depth)
  }
  const notional = toText(query.notional)
  const notionals = new Set(
    rounds.flatMap((round) => pricesOf(round).map((price) => price.notional)),
  )
  if (notionals.size > 0 && !notionals.has(notional)) {
    const there = [...notionals].sort((a, b) => Number(a) - Number(b)).join(', ')
    return refusal(400, `notional: no prices for ${notional}; there are: ${there}`)
  }
  const rows = rounds.map((round) => bestRow(round, { side: query.side, notional }))
  return { body: rows, table: () => bestTable(rows) }
}

function bestRow(
  round: MarketRound,
  { side, notional }: { side: TradeSide; notional: string },
): BestRow {
  const prices = pricesOf(round)
    .filter((of) => of.side === side && of.notional === notional)
    .map(({ exchange, price }) => {
      return { exchange, price: price === null ? undefined : parseDecimal(price) }
    })
  const best = bestExchange(prices, side === 'buy' ? BUY : SELL)
  return {
    poll_at: round.pollAt,
    market: round.market,
    side,
    notional,
    exchange: best?.exchange ?? null,
    price: best === undefined ? null : toText(best.price),
    advantage_bps: best?.advantageBps === undefined ? null : toText(best.advantageBps),
  }
}

function bestTable(rows: readonly BestRow[]): Table {
  return { columns: BEST_COLUMNS, rows: rows.map((row) => BEST_COLUMNS.map((name) => row[name])) }
}

function notThere(state: FeedState): Refusal {
  return refusal(404, `no round has come yet: ${state.kind === 'waiting' ? state.why : ''}`)
}
