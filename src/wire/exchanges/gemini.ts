/** Gemini: the whole book as objects, without a time of its own. */
import { type Exchange, type ExchangeBook, exchangeError, type Unreadable } from './exchange.js'
import { readFields } from './json-body.js'
import { readLevels } from './read-levels.js'

export const gemini: Exchange = {
  name: 'gemini',
  origin: 'https://api.gemini.com',
  paths: new Map([
    ['BTC-USD', '/v1/book/btcusd?limit_bids=0&limit_asks=0'],
    ['ETH-USD', '/v1/book/ethusd?limit_bids=0&limit_asks=0'],
  ]),
  readBook,
}

function readBook(body: Uint8Array): ExchangeBook | Unreadable {
  const read = readFields(body)
  if ('reason' in read) return read
  const { result, reason, message } = read.fields
  if (result === 'error') return exchangeError([reason, message])
  // The rows' timestamps say when a level last changed, which may be long ago.
  const sides = readLevels(read.fields, { price: 'price', amount: 'amount' })
  return 'reason' in sides ? sides : { ...sides, bookAtMs: undefined, isInAuction: false }
}
