/** Asks a simulated exchange with the real adapter, in fewer words. */
import { setTimeout } from 'node:timers/promises'
import { type AskedBook, type AskTerms, askExchange } from '../../exchanges/ask-exchange.js'
import type { SimulatedExchange } from './moving-book.js'
import type { SimulatedExchanges } from './simulated-exchanges.js'

const PATHS: Readonly<Record<SimulatedExchange, string>> = {
  coinbase: '/products/BTC-USD/book?level=2',
  kraken: '/0/public/Depth?pair=XBTUSD&count=500',
  bitstamp: '/api/v2/order_book/btcusd/',
  gemini: '/v1/book/btcusd?limit_bids=0&limit_asks=0',
}

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    setTimeout(ms, undefined, signal && { signal }).catch(() => {}),
}

export function askedBook(
  exchanges: SimulatedExchanges,
  name: SimulatedExchange,
  path = PATHS[name],
): AskedBook {
  return {
    origin: exchanges.server(name).origin,
    path,
    asksToRetry: (body) => new TextDecoder().decode(body).startsWith('{"error":["E'),
  }
}

export function ask(
  book: AskedBook,
  { deadlineMs = 5000, ...terms }: Partial<AskTerms> & { deadlineMs?: number } = {},
) {
  return askExchange(book, {
    deadlineAt: clock.monotonic() + deadlineMs,
    lateMs: 0,
    userAgent: 'depthline/test',
    clock,
    random: () => 0,
    signal: new AbortController().signal,
    ...terms,
  })
}
