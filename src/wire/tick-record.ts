/** The tick message as the record of schemas/order-book.avsc, and that record as the message's exact text. */
import { DepthlineError } from '../errors.js'
import type { DecimalText } from './exchange-records.js'
import { parseTickMessage } from './tick-message.js'

/** schemas/order-book.avsc. */
export interface OrderBook {
  readonly levels: readonly OrderBookLevel[]
}

export interface OrderBookLevel {
  readonly symbol: string
  /** `buy_1`, `sell_1`, … */
  readonly side: string
  readonly price: DecimalText
  readonly amount: DecimalText
  readonly total: DecimalText
  readonly cum_sum: DecimalText
}

/**
 * @param message as {@link TickPrinter} prints it
 * @throws DepthlineError BAD_TICK, which ends a job that would publish something else
 */
export function toOrderBook(message: string): OrderBook {
  const rows = parseTickMessage(message)
  if (rows === undefined) {
    throw new DepthlineError('BAD_TICK', 'what was printed is no tick message')
  }
  return { levels: rows.map(({ cumSum, ...row }) => ({ ...row, cum_sum: cumSum })) }
}

/**
 * The same text as the JSON job writes. Names are escaped as JSON does, so that
 * none of another writer can pass for something else.
 */
export function toTickMessage({ levels }: OrderBook): string {
  const rows = levels.map(
    ({ symbol, side, price, amount, total, cum_sum }) =>
      `{"symbol":${JSON.stringify(symbol)},"side":${JSON.stringify(side)},"price":${price}` +
      `,"amount":${amount},"total":${total},"cum_sum":${cum_sum}}`,
  )
  return `[${rows.join(',')}]`
}
