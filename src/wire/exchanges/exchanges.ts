/** Every exchange that the program knows, in the order in which they are named. */
import { bitstamp } from './bitstamp.js'
import { coinbase } from './coinbase.js'
import type { Exchange } from './exchange.js'
import { gemini } from './gemini.js'
import { kraken } from './kraken.js'

/** A new exchange is one file and one line here. */
export const EXCHANGES: readonly Exchange[] = [coinbase, kraken, bitstamp, gemini]

export function exchangeNamed(name: string): Exchange | undefined {
  return EXCHANGES.find((exchange) => exchange.name === name)
}
