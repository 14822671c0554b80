/** One record through the reader, for tests: the reason why not, or the event in words. */
import { fromLimbs, toText } from '../book/decimal.js'
import { BUY, type Magnitude } from '../book/order-event.js'
import { OrderEventReader, type ReadFault } from '../wire/order-event-reader.js'

export interface ReadOrder {
  readonly id: number | string
  readonly symbol: string
  readonly side: 'BUY' | 'SELL'
  readonly size: string
  readonly price: string
}

/** An OPEN as an order, a CLOSED as its id alone. */
export type ReadRecord = ReadFault | ReadOrder | { readonly closed: number | string }

/** One reader for all tests, so that what a record leaves behind would show in the next one. */
const reader = new OrderEventReader()

export function readRecord(record: string | Uint8Array): ReadRecord {
  const bytes = typeof record === 'string' ? new TextEncoder().encode(record) : record
  const fault = reader.read(bytes, 0, bytes.length)
  if (fault !== undefined) return fault
  const { open, orderId, symbol, side, size, price } = reader.event
  if (!open) return { closed: orderId }
  return {
    id: orderId,
    symbol,
    side: side === BUY ? 'BUY' : 'SELL',
    size: textOf(size),
    price: textOf(price),
  }
}

/** What the reader said about the record that it rejected last. */
export function lastDetail(): string {
  return reader.detail
}

function textOf({ high, low, scale }: Magnitude): string {
  return toText(fromLimbs(high, low, scale))
}

/** An OPEN with some fields written otherwise, as raw JSON; undefined leaves a field out. */
export function openText(fields: Record<string, string | undefined> = {}): string {
  const all: Record<string, string | undefined> = {
    order_id: '1',
    symbol: '"BTC-USDT"',
    order_side: '"BUY"',
    size: '1',
    price: '100',
    status: '"OPEN"',
    created_at: '1693973208',
    ...fields,
  }
  const written = Object.entries(all).filter(([, raw]) => raw !== undefined)
  return `{${written.map(([key, raw]) => `"${key}":${raw}`).join(',')}}`
}
