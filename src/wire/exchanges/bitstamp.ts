/** Bitstamp: the whole book, with its time as text in microseconds or, before 2019, seconds. */
import type { EpochMs } from '../exchange-records.js'
import {
  type Exchange,
  type ExchangeBook,
  exchangeError,
  invalidBody,
  show,
  type Unreadable,
} from './exchange.js'
import { type Fields, readFields } from './json-body.js'
import { IN_ARRAYS, readLevels } from './read-levels.js'

export const bitstamp: Exchange = {
  name: 'bitstamp',
  origin: 'https://www.bitstamp.net',
  paths: new Map([
    ['BTC-USD', '/api/v2/order_book/btcusd/'],
    ['ETH-USD', '/api/v2/order_book/ethusd/'],
  ]),
  readBook,
}

function readBook(body: Uint8Array): ExchangeBook | Unreadable {
  const read = readFields(body)
  if ('reason' in read) return read
  const { error, status, reason } = read.fields
  if (error != null) return exchangeError(error)
  if (status === 'error') return exchangeError(reason)
  const sides = readLevels(read.fields, IN_ARRAYS)
  if ('reason' in sides) return sides
  const bookAtMs = readTime(read.fields)
  if (typeof bookAtMs === 'string') return invalidBody(bookAtMs)
  return { ...sides, bookAtMs, isInAuction: false }
}

/** Until the year 5138, and so of what every format can hold. */
const SECONDS = /^\d{1,11}$/
const MICROSECONDS = /^\d{1,16}$/

/** The finer of the two times, undefined where there is neither; or what is wrong with it. */
function readTime({ microtimestamp, timestamp }: Fields): EpochMs | undefined | string {
  if (microtimestamp != null) {
    if (isText(microtimestamp, MICROSECONDS)) return Math.floor(Number(microtimestamp) / 1000)
    return `microtimestamp is ${show(microtimestamp)}, not a time in microseconds`
  }
  if (timestamp == null) return undefined
  if (isText(timestamp, SECONDS)) return Number(timestamp) * 1000
  return `timestamp is ${show(timestamp)}, not a time in seconds`
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value)
}
