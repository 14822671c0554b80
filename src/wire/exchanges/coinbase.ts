/** Coinbase Exchange: the whole aggregated book, its time, and whether an auction is on. */
import type { EpochMs } from '../exchange-records.js'
import {
  type Exchange,
  type ExchangeBook,
  exchangeError,
  invalidBody,
  show,
  type Unreadable,
} from './exchange.js'
import { readFields } from './json-body.js'
import { IN_ARRAYS, readLevels } from './read-levels.js'

export const coinbase: Exchange = {
  name: 'coinbase',
  origin: 'https://api.exchange.coinbase.com',
  paths: new Map([
    ['BTC-USD', '/products/BTC-USD/book?level=2'],
    ['ETH-USD', '/products/ETH-USD/book?level=2'],
  ]),
  readBook,
}

function readBook(body: Uint8Array): ExchangeBook | Unreadable {
  const read = readFields(body)
  if ('reason' in read) return read
  const { message, bids, time, auction_mode: auction } = read.fields
  if (typeof message === 'string' && bids === undefined) return exchangeError(message)
  const sides = readLevels(read.fields, IN_ARRAYS)
  if ('reason' in sides) return sides
  const bookAtMs = readTime(time)
  if (Number.isNaN(bookAtMs)) return invalidBody(`time is ${show(time)}, not a UTC time`)
  if (auction != null && typeof auction !== 'boolean') {
    return invalidBody(`auction_mode is ${show(auction)}, not a boolean`)
  }
  return { ...sides, bookAtMs, isInAuction: auction === true }
}

const ISO_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/

/** Such as 2025-10-28T02:50:43.768106912Z; undefined where there is none, NaN where it is no time. */
function readTime(time: unknown): EpochMs | undefined {
  if (time == null) return undefined
  const match = typeof time === 'string' ? ISO_TIME.exec(time) : null
  if (match === null) return Number.NaN
  const [, seconds, fraction = ''] = match
  return Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
}
