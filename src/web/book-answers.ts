/** What is read off the books of a tick: the symbols, one book, and a book over time. */
import {
  add,
  compare,
  type Decimal,
  half,
  isZero,
  parseDecimal,
  subtract,
  toText,
} from '../book/decimal.js'
import { inBps } from '../book/sweep.js'
import { type Answer, type Refusal, refusal } from './answer.js'
import type { Cell } from './ports.js'
import { type BookText, isoSecond, type LevelText, type Tick } from './tick.js'

/** Of a book: its best prices and what follows from them; null where a side is empty. */
export interface BookFigures {
  readonly best_bid: string | null
  readonly best_ask: string | null
  readonly mid: string | null
  /** Below zero where the book is crossed. */
  readonly spread: string | null
  /** 10,000 × spread / mid, half-even to 4 decimals. */
  readonly spread_bps: string | null
  /** True where the best bid is at or above the best ask. */
  readonly crossed: boolean
}

export function figuresOf({ bids, asks }: BookText): BookFigures {
  const best_bid = bids[0]?.[0] ?? null
  const best_ask = asks[0]?.[0] ?? null
  const bid = decimal(best_bid)
  const ask = decimal(best_ask)
  if (bid === undefined || ask === undefined) {
    return { best_bid, best_ask, mid: null, spread: null, spread_bps: null, crossed: false }
  }
  const mid = half(add(bid, ask))
  const spread = subtract(ask, bid)
  return {
    best_bid,
    best_ask,
    mid: toText(mid),
    spread: toText(spread),
    spread_bps: isZero(mid) ? null : toText(inBps(spread, mid)),
    crossed: compare(bid, ask) >= 0,
  }
}

/** When the books are of; null before the first tick. */
export function timesOf(tick: Tick | undefined, nowMs: number) {
  if (tick === undefined) return { tick: null, as_of: null, age_ms: null }
  const age_ms = Math.max(0, Math.round(nowMs - tick.tick * 1000))
  return { tick: tick.tick, as_of: isoSecond(tick.tick), age_ms }
}

const SYMBOL_COLUMNS = ['symbol', 'best_bid', 'best_ask', 'mid', 'spread', 'crossed'] as const

function csvCell(value: string | boolean | null): Cell {
  return typeof value === 'boolean' ? String(value) : value
}

export function symbolsAnswer(tick: Tick | undefined, nowMs: number): Answer {
  const symbols = [...(tick?.books ?? [])].map(([symbol, book]) => {
    const { best_bid, best_ask, mid, spread, crossed } = figuresOf(book)
    return { symbol, best_bid, best_ask, mid, spread, crossed }
  })
  const table = () => ({
    columns: ['tick', ...SYMBOL_COLUMNS],
    rows: symbols.map((row) => [tick!.tick, ...SYMBOL_COLUMNS.map((name) => csvCell(row[name]))]),
  })
  return { body: { ...timesOf(tick, nowMs), symbols }, table }
}

export function bookAnswer(
  tick: Tick | undefined,
  { symbol, levels, nowMs }: { symbol: string; levels: number; nowMs: number },
): Answer | Refusal {
  const book = tick?.books.get(symbol)
  if (tick === undefined || book === undefined) return noBook(tick, symbol)
  const { mid, spread, spread_bps, crossed } = figuresOf(book)
  const bids = rankedLevels(book.bids, levels)
  const asks = rankedLevels(book.asks, levels)
  return {
    body: { symbol, ...timesOf(tick, nowMs), mid, spread, spread_bps, crossed, bids, asks },
    table: () => ({
      columns: LEVEL_COLUMNS,
      rows: levelRows({ tick: tick.tick, symbol }, { bids, asks }),
    }),
  }
}

function noBook(tick: Tick | undefined, symbol: string): Refusal {
  if (tick === undefined) return noTick()
  return refusal(404, `the books of ${isoSecond(tick.tick)} hold no ${symbol}`)
}

export function noTick(): Refusal {
  return refusal(404, 'no tick has come yet: /readyz says what is missing')
}

export interface RankedText {
  readonly rank: number
  readonly price: string
  readonly amount: string
  readonly total: string
  readonly cum_sum: string
}

export function rankedLevels(levels: readonly LevelText[], limit: number): RankedText[] {
  return levels.slice(0, limit).map(([price, amount, total, cum_sum], index) => {
    return { rank: index + 1, price, amount, total, cum_sum }
  })
}

export const LEVEL_COLUMNS = [
  'tick',
  'symbol',
  'side',
  'rank',
  'price',
  'amount',
  'total',
  'cum_sum',
] as const

export function levelRows(
  { tick, symbol }: { tick: number; symbol: string },
  { bids, asks }: { bids: readonly RankedText[]; asks: readonly RankedText[] },
): Cell[][] {
  const rows = (side: string, levels: readonly RankedText[]) =>
    levels.map(({ rank, price, amount, total, cum_sum }): Cell[] => {
      return [tick, symbol, side, rank, price, amount, total, cum_sum]
    })
  return [...rows('buy', bids), ...rows('sell', asks)]
}

function decimal(text: string | null): Decimal | undefined {
  return text === null ? undefined : parseDecimal(text)
}
