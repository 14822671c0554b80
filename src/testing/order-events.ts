/** Order events for tests, from plain words: as the books take them, and as records. */
import { BUY, type Magnitude, type OrderEvent, SELL } from '../book/order-event.js'

export interface PlainOrder {
  readonly id: number | string
  readonly symbol?: string
  readonly side?: 'BUY' | 'SELL'
  /** Plain decimal text without trailing zeros in a fraction. */
  readonly size?: string
  readonly price?: string
}

/** An OPEN, of what does not matter where only the id is given. */
export function openEvent(order: PlainOrder): OrderEvent {
  const { id, symbol = 'BTC-USDT', side = 'BUY', size = '1', price = '100' } = order
  return {
    open: true,
    orderId: id,
    symbol,
    side: side === 'BUY' ? BUY : SELL,
    size: magnitude(size),
    price: magnitude(price),
  }
}

/** A CLOSED; its other fields hold what the reader may have left there from an event before. */
export function closedEvent(id: number | string): OrderEvent {
  return { ...openEvent({ id, symbol: 'left-over', size: '77', price: '88' }), open: false }
}

export function openRecord(order: PlainOrder): Uint8Array {
  const { id, symbol = 'BTC-USDT', side = 'BUY', size = '1', price = '100' } = order
  return new TextEncoder().encode(
    `{"order_id":${JSON.stringify(id)},"symbol":"${symbol}","order_side":"${side}",` +
      `"size":${size},"price":${price},"status":"OPEN","created_at":1693973208}`,
  )
}

export function closedRecord(id: number | string): Uint8Array {
  return new TextEncoder().encode(`{"order_id":${JSON.stringify(id)},"status":"CLOSED"}`)
}

/** Canonical decimal text as the two limbs and the scale of a magnitude. */
export function magnitude(text: string): Magnitude {
  const [integer = '', fraction = ''] = text.split('.')
  const units = BigInt(integer + fraction)
  return {
    high: Number(units / 1_000_000_000n),
    low: Number(units % 1_000_000_000n),
    scale: fraction.length,
  }
}
