/** What an order would get at each exchange now, and where it gets most, from books judged as `analyse` does. */
import { type BestExchange, bestExchange } from '../book/best-exchange.js'
import { type Decimal, parseDecimal, toText } from '../book/decimal.js'
import { BUY, type Side } from '../book/order-event.js'
import { fillRecords } from '../wire/depth-figures.js'
import type { DecimalText, FillRecord, TradeSide } from '../wire/exchange-records.js'
import { type Answered, type Judged, judgeBooks } from './usable-books.js'

/** An order at the market. */
export interface QuotedOrder {
  readonly market: string
  readonly side: Side
  /** Above zero, in quote units. */
  readonly notional: Decimal
}

/** One exchange's offer, as it is printed. */
export interface Quote extends FillRecord {
  readonly exchange: string
  readonly market: string
  readonly mid_price: DecimalText | null
  readonly best: boolean
  /** Why there is no offer: the exchange failed, or its book is unusable; absent where there is one. */
  readonly error?: string
}

export interface Quotes {
  /** In the order of the answers. */
  readonly quotes: readonly Quote[]
  /** Undefined where nobody can fill the order. */
  readonly best: BestExchange | undefined
  /** The exchanges whose two books are so far apart that one of them must be wrong. */
  readonly farApart: readonly string[]
}

/** @param answers the preferred exchange at equal prices first */
export function quotesFor(answers: readonly Answered[], order: QuotedOrder): Quotes {
  const judged = judgeBooks(answers)
  const offers = judged.map((one) => offerOf(one, order))
  const prices = offers.map(({ exchange, price }) => {
    return { exchange, price: price === null ? undefined : parseDecimal(price) }
  })
  const best = bestExchange(prices, order.side)
  return {
    quotes: offers.map((offer) => ({ ...offer, best: offer.exchange === best?.exchange })),
    best,
    farApart: judged.flatMap(({ exchange, verdict }) => {
      return verdict.usable && verdict.flags.includes('far_apart') ? [exchange] : []
    }),
  }
}

function offerOf({ exchange, verdict }: Judged, order: QuotedOrder): Quote {
  const { market, notional } = order
  const side: TradeSide = order.side === BUY ? 'buy' : 'sell'
  if (verdict.usable) {
    const fill = fillRecords(verdict, [notional]).find((record) => record.side === side)!
    const { notional: _, side: __, ...rest } = fill
    return {
      exchange,
      market,
      side,
      notional: toText(notional),
      ...rest,
      mid_price: toText(verdict.mid),
      best: false,
    }
  }
  return {
    exchange,
    market,
    side,
    notional: toText(notional),
    complete: false,
    price: null,
    base_amount: '0',
    filled_notional: '0',
    worst_price: null,
    levels: 0,
    slippage_bps: null,
    mid_price: null,
    best: false,
    error: `${verdict.reason}: ${verdict.detail}`,
  }
}
