/** What is read off a book, as the exchange records spell it. */
import { consolidate, type ExchangeSide, split } from '../book/consolidated.js'
import { type Decimal, toText } from '../book/decimal.js'
import { depthWithin } from '../book/depth.js'
import type { Level } from '../book/ladder.js'
import { BUY, SELL, type Side } from '../book/order-event.js'
import { extract, slippage, sweep } from '../book/sweep.js'
import type {
  ConsolidatedFill,
  DecimalText,
  DepthWithin,
  ExtractLevel,
  FillRecord,
} from './exchange-records.js'

/** How far from the mid price depth is measured, in basis points. */
const DEPTH_BPS = [10, 50, 100]

/** A book that can be read again and again. */
export interface TwoSides {
  readonly bids: Iterable<Level>
  readonly asks: Iterable<Level>
  readonly mid: Decimal
}

/** For each notional what a buy pays and a sell gets. */
export function fillRecords(book: TwoSides, notionals: readonly Decimal[]): FillRecord[] {
  return notionals.flatMap((notional) => [
    fillRecord(book.asks, { side: BUY, notional, mid: book.mid }),
    fillRecord(book.bids, { side: SELL, notional, mid: book.mid }),
  ])
}

/** The same against the books of several exchanges as one, and which of them gives how much. */
export function consolidatedFills(
  books: readonly (TwoSides & { readonly exchange: string })[],
  { mid, notionals }: { readonly mid: Decimal; readonly notionals: readonly Decimal[] },
): ConsolidatedFill[] {
  const asks = books.map((book) => ({ exchange: book.exchange, levels: book.asks }))
  const bids = books.map((book) => ({ exchange: book.exchange, levels: book.bids }))
  return notionals.flatMap((notional) => [
    consolidatedFill(asks, { side: BUY, notional, mid }),
    consolidatedFill(bids, { side: SELL, notional, mid }),
  ])
}

/** An order at the market, and the mid price that it is held against. */
interface Order {
  readonly side: Side
  readonly notional: Decimal
  readonly mid: Decimal
}

function fillRecord(levels: Iterable<Level>, { side, notional, mid }: Order): FillRecord {
  const fill = sweep(levels, notional)
  const { price } = fill
  return {
    notional: toText(notional),
    side: side === BUY ? 'buy' : 'sell',
    complete: fill.complete,
    price: textOrNull(price),
    base_amount: toText(fill.baseAmount),
    filled_notional: toText(fill.filledNotional),
    worst_price: textOrNull(fill.worstPrice),
    levels: fill.levels,
    slippage_bps: textOrNull(price && slippage({ side, price, mid })),
  }
}

function consolidatedFill(sides: readonly ExchangeSide[], order: Order): ConsolidatedFill {
  // A buy takes the asks, which are ordered as a sell's ladder is.
  const merged = () => consolidate(sides, order.side === BUY ? SELL : BUY)
  const exchanges = sides.map(({ exchange }) => exchange)
  const shares = split(merged(), order.notional, exchanges)
  return {
    ...fillRecord(merged(), order),
    split: shares.map(({ exchange, baseAmount, notional }) => {
      return { exchange, base_amount: toText(baseAmount), notional: toText(notional) }
    }),
  }
}

/** The levels that an order of `notional` takes. */
export function extractRecords(levels: Iterable<Level>, notional: Decimal): ExtractLevel[] {
  return extract(levels, notional).map(({ price, amount, total, cumSum }) => {
    return {
      price: toText(price),
      amount: toText(amount),
      total: toText(total),
      cum_sum: toText(cumSum),
    }
  })
}

export function depthRecords({ bids, asks, mid }: TwoSides): DepthWithin[] {
  return DEPTH_BPS.map((bps) => {
    const within = (levels: Iterable<Level>) => toText(depthWithin(levels, mid, bps))
    return { bps, bids: within(bids), asks: within(asks) }
  })
}

export function textOrNull(value: Decimal | undefined): DecimalText | null {
  return value === undefined ? null : toText(value)
}
