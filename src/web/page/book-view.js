/** What the page shows of one symbol at one tick: the rows of both sides and what follows from them. */
import { middleOf } from './book-figures.js'
import { rowsOf } from './grouping.js'

/** @import { Side, TickEvent } from './api-types.js' */

/** A row, by its side and price. */
/** @typedef {{ readonly side: Side, readonly price: string }} Mark */

/** @typedef {ReturnType<typeof viewOf>} View */

/**
 * @param {TickEvent} tick
 * @param {string} symbol
 * @param {string | undefined} step
 */
export function viewOf(tick, symbol, step) {
  // An own property: a symbol may be called `constructor`.
  const book = Object.hasOwn(tick.books, symbol) ? tick.books[symbol] : undefined
  const { bids, asks } = book ?? { bids: [], asks: [] }
  return {
    tick: tick.tick,
    symbol,
    step,
    ...unitsOf(symbol),
    middle: middleOf({ bids, asks }),
    /** Best price first, both of them. */
    bid: rowsOf(bids, 'bid', step),
    ask: rowsOf(asks, 'ask', step),
  }
}

/**
 * Base and quote where the symbol names two: BTC-USDT, ETH/USD.
 *
 * @param {string} symbol
 */
export function unitsOf(symbol) {
  const [base = '', quote, ...more] = symbol.split(/[-/]/)
  if (quote === undefined || quote === '' || more.length > 0) return { base: '', quote: '' }
  return { base, quote }
}

/**
 * By their characters, as the ticks order them; a JSON object would put `123` first.
 *
 * @param {TickEvent} tick
 */
export function symbolsOf(tick) {
  return Object.keys(tick.books).sort()
}
