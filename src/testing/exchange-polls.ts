/** The records of exchange-books that tests make: bodies in each exchange's shape, answers and failures. */
import { createHash } from 'node:crypto'
import type { ExchangePoll } from '../wire/exchange-records.js'
import type { TextBook, TextLevel } from './exchange-books.js'

/** 2026-11-21T10:00:00Z. */
export const POLL_AT = 1_795_255_200_000
const NOTHING = { attempts: 0, status: null, error: null, detail: null, sha256: null, body: null }
const TIMES = { requested_at: POLL_AT + 5, responded_at: POLL_AT + 250 }

/** A body as the exchange would write it; `fields` come on top. */
export function bodyOf(
  exchange: string,
  { bids, asks }: TextBook,
  fields: object = {},
): Uint8Array {
  const time = new Date(POLL_AT + 200).toISOString()
  const shapes: Record<string, () => object> = {
    coinbase: () => ({
      bids: rows(bids, 1),
      asks: rows(asks, 1),
      sequence: 1,
      auction_mode: false,
      time,
    }),
    kraken: () => ({
      error: [],
      result: { XXBTZUSD: { asks: rows(asks, 1654302625), bids: rows(bids, 1654302625) } },
    }),
    bitstamp: () => ({
      timestamp: `${POLL_AT / 1000}`,
      microtimestamp: `${(POLL_AT + 200) * 1000}`,
      bids: rows(bids),
      asks: rows(asks),
    }),
    gemini: () => ({ bids: objects(bids), asks: objects(asks) }),
  }
  return new TextEncoder().encode(JSON.stringify({ ...shapes[exchange]!(), ...fields }))
}

function rows(levels: readonly TextLevel[], ...more: number[]): unknown[] {
  return levels.map(({ price, amount }) => [price, amount, ...more])
}

function objects(levels: readonly TextLevel[]): unknown[] {
  return levels.map(({ price, amount }) => ({ price, amount, timestamp: '1565588056' }))
}

export function answer(exchange: string, market: string, body: Uint8Array): ExchangePoll {
  const sha256 = createHash('sha256').update(body).digest('hex')
  const said = { ...NOTHING, attempts: 1, status: 200, sha256, body }
  return { kind: 'answer', ...place(exchange, market), ...TIMES, ...said }
}

export function failure(
  exchange: string,
  market: string,
  said: Partial<ExchangePoll> & Pick<ExchangePoll, 'error' | 'detail'>,
): ExchangePoll {
  return { kind: 'failure', ...place(exchange, market), ...TIMES, ...NOTHING, attempts: 3, ...said }
}

export function notPolled(exchange: string, market: string): ExchangePoll {
  const never = { requested_at: null, responded_at: null }
  return { kind: 'not_polled', ...place(exchange, market), ...never, ...NOTHING }
}

function place(exchange: string, market: string) {
  return { poll_at: POLL_AT, exchange, market, origin: null, exchanges: null, markets: null }
}
