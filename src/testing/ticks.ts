/** Tick-shaped messages for tests of what reads the output topic. */
import type { Message } from 'kafkajs'

/** A tick whose book has one bid, at the price of the tick, so that each is another. */
export function tickMessage(tick: number, rows: readonly string[] = [bidRow(tick)]): Message {
  return {
    key: 'order-book',
    value: `[${rows.join(',')}]`,
    timestamp: String(tick * 1000),
    headers: { tick: String(tick), offsets: '{"0":0}', missed: '0', rejected: '0', crossed: '[]' },
  }
}

/** Ticks `first` … `first + count − 1`. */
export function tickMessages(first: number, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => tickMessage(first + index))
}

export function bidRow(price: number | string, symbol = 'BTC-USDT'): string {
  return (
    `{"symbol":"${symbol}","side":"buy_1","price":${price},"amount":1,` +
    `"total":${price},"cum_sum":${price}}`
  )
}
