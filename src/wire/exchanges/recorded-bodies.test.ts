import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { toText } from '../../book/decimal.js'
import type { Level } from '../../book/ladder.js'
import { exchangeNamed } from './exchanges.js'

/** Bodies that other projects recorded; they are not part of this one. */
const FOLDER = fileURLToPath(new URL('../../../../shared/data/exchanges/', import.meta.url))
const isThere = existsSync(FOLDER)
if (!isThere) console.warn(`skipped: ${FOLDER} is not there`)

function recorded(exchange: string, file: string) {
  const bytes = readFileSync(`${FOLDER}${file}`)
  const book = exchangeNamed(exchange)!.readBook(bytes)
  if ('reason' in book) throw new Error(book.detail)
  return { ...book, json: JSON.parse(bytes.toString()) }
}

const printed = (level: Level | undefined) => level && [level.price, level.amount].map(toText)

describe.skipIf(!isThere)('a recorded body', () => {
  test('of Coinbase gives its level, and its time cut to the millisecond', () => {
    const book = recorded('coinbase', 'coinbase-BTC-USD-level1.json')
    expect(printed(book.bids.best)).toEqual(['113729.4', '0.28534551'])
    expect(printed(book.asks.best)).toEqual(['113729.41', '0.00096729'])
    expect(book.bookAtMs).toBe(Date.parse('2025-10-28T02:50:43.768Z'))
    expect(book.isInAuction).toBe(false)
  })

  test('of Kraken gives three levels a side', () => {
    const book = recorded('kraken', 'kraken-BTC-USD.json')
    expect([...book.asks].map(printed)).toEqual([
      ['29727.1', '0.42'],
      ['29728.3', '5.047'],
      ['29728.7', '0.474'],
    ])
    expect([...book.bids].map((level) => toText(level.price))).toEqual([
      '29727',
      '29725.1',
      '29725',
    ])
    expect(book.bookAtMs).toBeUndefined()
  })

  test('of Bitstamp gives all its levels, the strange ones too, and its time in seconds', () => {
    const book = recorded('bitstamp', 'bitstamp-BTC-USD.json')
    expect([book.bids.size, book.asks.size]).toEqual([4961, 4875])
    expect(printed([...book.bids].at(-1))).toEqual(['0.01', '230061.015'])
    expect(toText([...book.asks].at(-1)!.price)).toBe('1000000000')
    expect(book.bookAtMs).toBe(1_560_482_001_000)
    const rows = book.json.bids as [string, string][]
    expect([...book.bids].map(printed)).toEqual(rows.map((row) => row.map(trimmed)))
  })

  test('of Gemini gives 50 levels a side', () => {
    const book = recorded('gemini', 'gemini-BTC-USD.json')
    expect([book.bids.size, book.asks.size]).toEqual([50, 50])
    expect(printed(book.asks.best)).toEqual(['11385.22', '5.34093158'])
    const rows = book.json.bids as { price: string; amount: string }[]
    expect([...book.bids].map(printed)).toEqual(
      rows.map(({ price, amount }) => [price, amount].map(trimmed)),
    )
    expect(book.bookAtMs).toBeUndefined()
  })
})

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
