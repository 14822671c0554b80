/** What the newest round says of one market: who is preferred, and what a large order would get where. */
import { compare, parseDecimal } from './decimal.js'

/** @import { Round } from './api-types.js' */

const EXTRACT = '100000'

/**
 * The notional of the table: 100,000, or the largest that there is; a round without prices is no other one's.
 *
 * @param {Round} round
 */
export function tableNotional({ prices }) {
  const notionals = [...new Set(prices.map(({ notional }) => notional))]
  if (notionals.includes(EXTRACT)) return EXTRACT
  return notionals.sort((a, b) => compare(parseDecimal(b), parseDecimal(a)))[0] ?? EXTRACT
}

/**
 * Each exchange's prices for `notional`, and which of them are best; a tie goes to the one named first.
 *
 * @param {Round} round
 * @param {string} notional
 */
export function pricesFor({ exchanges, prices }, notional) {
  /** @param {'buy' | 'sell'} side */
  const ofSide = (side) => {
    const own = prices.filter((one) => one.side === side && one.notional === notional)
    return { own, best: bestOf(own, side) }
  }
  const buy = ofSide('buy')
  const sell = ofSide('sell')
  return exchanges.map(({ exchange, usable }) => {
    /** @param {typeof buy} side */
    const cell = ({ own, best }) => ({
      price: own.find((one) => one.exchange === exchange)?.price ?? null,
      isBest: exchange === best,
    })
    return { exchange, usable, buy: cell(buy), sell: cell(sell) }
  })
}

/**
 * @param {Round['prices']} prices
 * @param {'buy' | 'sell'} side
 */
function bestOf(prices, side) {
  /** @type {{ exchange: string, price: import('./decimal.js').Decimal } | undefined} */
  let best
  for (const { exchange, price: text } of prices) {
    if (text === null) continue
    const price = parseDecimal(text)
    const order = best === undefined ? -1 : compare(price, best.price)
    if (best === undefined || (side === 'buy' ? order < 0 : order > 0)) best = { exchange, price }
  }
  return best?.exchange
}

/**
 * Digits in groups of three: 50000 is 50,000.
 *
 * @param {string} notional
 */
export function notionalText(notional) {
  const [whole = '', fraction] = notional.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}
