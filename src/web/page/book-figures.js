/** What follows from a book's levels: mid price, spread, and what sweeping to a price would cost. */
import {
  add,
  compare,
  divide,
  half,
  multiply,
  parseDecimal,
  subtract,
  toText,
  ZERO,
} from './decimal.js'

/** @import { BookText, Side } from './api-types.js' */
/** @import { Row } from './grouping.js' */

const WHOLE_IN_BPS = { units: 10_000n, scale: 0 }
const BPS_SCALE = 4
const PRICE_SCALE = 8

/**
 * The same figures as the API's, to the digit; undefined where a side is empty.
 *
 * @param {BookText} book
 */
export function middleOf({ bids, asks }) {
  const bidText = bids[0]?.[0]
  const askText = asks[0]?.[0]
  if (bidText === undefined || askText === undefined) return undefined
  const bid = parseDecimal(bidText)
  const ask = parseDecimal(askText)
  const mid = half(add(bid, ask))
  const spread = subtract(ask, bid)
  return {
    mid: toText(mid),
    spread: toText(spread),
    bps: mid.units === 0n ? null : toText(divide(multiply(spread, WHOLE_IN_BPS), mid, BPS_SCALE)),
    isCrossed: compare(bid, ask) >= 0,
  }
}

/**
 * What a market order pays or receives that takes everything up to the row at `index`.
 *
 * @param {readonly Row[]} rows best price first
 * @param {number} index
 */
export function sweepTo(rows, index) {
  const last = rows[index]
  if (last === undefined) return undefined
  const amount = rows
    .slice(0, index + 1)
    .reduce((sum, row) => add(sum, parseDecimal(row.amount)), ZERO)
  if (amount.units === 0n) return undefined
  const average = divide(parseDecimal(last.cumSum), amount, PRICE_SCALE)
  return {
    price: last.price,
    amount: toText(amount),
    cost: last.cumSum,
    average: toText(average),
  }
}

/**
 * The same as a sentence.
 *
 * @param {Side} side
 * @param {NonNullable<ReturnType<typeof sweepTo>>} sweep
 * @param {{ base: string, quote: string }} units
 */
export function sweepText(side, { price, amount, cost, average }, { base, quote }) {
  const verb = side === 'ask' ? 'Buying up to' : 'Selling down to'
  const what = side === 'ask' ? 'costs' : 'brings'
  return `${verb} ${price}: ${amount}${base} ${what} ${cost}${quote}, ${average} on average`
}
