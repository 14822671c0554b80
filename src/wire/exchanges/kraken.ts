/** Kraken: 500 levels a side under a key of its own naming, no book time, and errors with HTTP 200. */
import {
  type Exchange,
  type ExchangeBook,
  exchangeError,
  invalidBody,
  show,
  type Unreadable,
} from './exchange.js'
import { isObject, readFields } from './json-body.js'
import { IN_ARRAYS, readLevels } from './read-levels.js'

export const kraken: Exchange = {
  name: 'kraken',
  origin: 'https://api.kraken.com',
  paths: new Map([
    ['BTC-USD', '/0/public/Depth?pair=XBTUSD&count=500'],
    ['ETH-USD', '/0/public/Depth?pair=ETHUSD&count=500'],
  ]),
  readBook,
  asksToRetry: (bodyStart) =>
    ERROR_START.test(new TextDecoder().decode(bodyStart.subarray(0, 256))),
}

const ERROR_START = /^\s*\{\s*"error"\s*:\s*\[\s*"/

function readBook(body: Uint8Array): ExchangeBook | Unreadable {
  const read = readFields(body)
  if ('reason' in read) return read
  const { error, result } = read.fields
  if (Array.isArray(error) && error.length > 0) return exchangeError(error)
  if (!isObject(result)) return invalidBody(`result is ${show(result)}, not an object`)
  // The pair is called XXBTZUSD where XBTUSD was asked for.
  const [book, ...others] = Object.values(result)
  if (book === undefined || others.length > 0) {
    return invalidBody(`result has ${Object.keys(result).length} keys, not one`)
  }
  if (!isObject(book)) return invalidBody(`the book is ${show(book)}, not an object`)
  const sides = readLevels(book, IN_ARRAYS)
  return 'reason' in sides ? sides : { ...sides, bookAtMs: undefined, isInAuction: false }
}
