/** What each exchange is asked for, read off the request's address, and what it answers in health. */
import {
  bitstampBody,
  coinbaseBody,
  geminiBody,
  krakenBody,
  refusal,
  type SpokenBook,
} from './bodies.js'
import type { SimulatedExchange, SimulatedMarket } from './moving-book.js'

export interface Plain {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A question for a book; `answer` spells it. */
export interface Route {
  readonly market: SimulatedMarket
  answer(book: SpokenBook): Plain
}

/** How the exchanges name the two markets in their addresses. */
const KRAKEN_PAIRS: Readonly<Record<string, SimulatedMarket>> = {
  XBTUSD: 'BTC-USD',
  XXBTZUSD: 'BTC-USD',
  ETHUSD: 'ETH-USD',
  XETHZUSD: 'ETH-USD',
}
const SMALL_NAMES: Readonly<Record<string, SimulatedMarket>> = {
  btcusd: 'BTC-USD',
  ethusd: 'ETH-USD',
}
const PRODUCTS: Readonly<Record<string, SimulatedMarket>> = {
  'BTC-USD': 'BTC-USD',
  'ETH-USD': 'ETH-USD',
}

/** A route, or what the exchange says to an address that it does not know. */
export const ROUTES: Readonly<Record<SimulatedExchange, (url: URL) => Route | Plain>> = {
  coinbase({ pathname, searchParams }) {
    const market = named(PRODUCTS, /^\/products\/([^/]+)\/book$/.exec(pathname)?.[1])
    if (market === undefined) return { status: 404, text: refusal('coinbase', 'NotFound') }
    const level = searchParams.get('level') ?? '1'
    if (!['1', '2'].includes(level)) {
      return { status: 400, text: refusal('coinbase', 'Invalid level') }
    }
    return { market, answer: (book) => ok(coinbaseBody(book, level)) }
  },
  kraken({ pathname, searchParams }) {
    if (pathname !== '/0/public/Depth') {
      return { status: 404, text: refusal('kraken', 'EGeneral:Unknown method') }
    }
    const market = named(KRAKEN_PAIRS, searchParams.get('pair') ?? undefined)
    if (market === undefined) return ok(refusal('kraken', 'EQuery:Unknown asset pair'))
    const count = Number(searchParams.get('count') ?? 100)
    if (!(Number.isInteger(count) && count >= 1)) {
      return ok(refusal('kraken', 'EGeneral:Invalid arguments:count'))
    }
    return { market, answer: (book) => ok(krakenBody(book, Math.min(500, count))) }
  },
  bitstamp({ pathname }) {
    const market = named(SMALL_NAMES, /^\/api\/v2\/order_book\/([^/]+)\/?$/.exec(pathname)?.[1])
    if (market === undefined) return { status: 404, text: refusal('bitstamp', 'Not found.') }
    return { market, answer: (book) => ok(bitstampBody(book)) }
  },
  gemini({ pathname, searchParams }) {
    const symbol = /^\/v1\/book\/([^/]+)$/.exec(pathname)?.[1]
    const market = named(SMALL_NAMES, symbol)
    if (market === undefined) {
      const words = `Supplied value '${symbol}' is not a valid symbol`
      return { status: 400, text: refusal('gemini', words) }
    }
    const limit = (name: string) => Number(searchParams.get(name) ?? 50)
    const limits = { bids: limit('limit_bids'), asks: limit('limit_asks') }
    return { market, answer: (book) => ok(geminiBody(book, limits)) }
  },
}

function ok(text: string): Plain {
  return { status: 200, text }
}

function named(
  markets: Readonly<Record<string, SimulatedMarket>>,
  name: string | undefined,
): SimulatedMarket | undefined {
  return name !== undefined && Object.hasOwn(markets, name) ? markets[name] : undefined
}
