/** What an order event says, whatever it was written in. */

/** The side of an order, and of a ladder: buy orders rest on the bids, sell orders on the asks. */
export const BUY = 0
export const SELL = 1
export type Side = typeof BUY | typeof SELL

/**
 * A positive value below 10^18 with at most 18 significant digits and 18 decimals:
 * `(high × 10^9 + low) × 10^-scale`, with `high` and `low` below 10^9.
 *
 * The form is canonical (no trailing zero in a fraction), so that two values
 * are equal exactly where their three numbers are.
 */
export interface Magnitude {
  high: number
  low: number
  scale: number
}

/**
 * One order event. The reader fills the same object again and again, so keep
 * none of it. Where `open` is false only `orderId` means anything.
 */
export interface OrderEvent {
  open: boolean
  /**
   * The id's text; a number where that text is the plain form of an integer
   * below 2^53, so that equal ids are equal under `===`.
   */
  orderId: number | string
  symbol: string
  side: Side
  price: Magnitude
  size: Magnitude
}

export function emptyOrderEvent(): OrderEvent {
  const none = () => ({ high: 0, low: 0, scale: 0 })
  return { open: false, orderId: 0, symbol: '', side: BUY, price: none(), size: none() }
}
