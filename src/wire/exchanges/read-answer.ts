/** From the record of an exchange's answer to the book in it. */
import { createHash } from 'node:crypto'
import type { ExchangePoll } from '../exchange-records.js'
import { type ExchangeBook, invalidBody, type Unreadable } from './exchange.js'
import { exchangeNamed } from './exchanges.js'

/** The answer's book, once its bytes are known to be those that came. */
export function readAnswer({ exchange, body, sha256 }: ExchangePoll): ExchangeBook | Unreadable {
  if (body === null) return invalidBody('the record holds no body')
  if (createHash('sha256').update(body).digest('hex') !== sha256) {
    return invalidBody('the body is not the one that came: its SHA-256 is another')
  }
  const known = exchangeNamed(exchange ?? '')
  return known?.readBook(body) ?? invalidBody('no reader for this exchange')
}
