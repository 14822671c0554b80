import { describe, expect, test } from 'vitest'
import { BUY, SELL } from '../book/order-event.js'
import { OrderEventReader, type ReadFault } from './order-event-reader.js'
import {
  BREAKAGES,
  type Breakage,
  writeBroken,
  writeClose,
  writeOpen,
} from './order-event-writer.js'

const open = {
  orderId: 1,
  symbol: 'BTC-USDT',
  side: BUY,
  price: '393078814.9',
  size: '1',
  createdAt: 1693973208,
} as const

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('written order events', () => {
  test("look like the brief's", () => {
    expect(text(writeOpen(open))).toBe(
      '{"order_id":1,"symbol":"BTC-USDT","order_side":"BUY","size":1,"price":393078814.9,"status":"OPEN","created_at":1693973208}',
    )
    expect(text(writeOpen({ ...open, side: SELL }))).toContain('"order_side":"SELL"')
    expect(text(writeClose(open, false))).toBe(
      '{"order_id":1,"status":"CLOSED","created_at":1693973208}',
    )
  })

  test("carry explicit nulls like the original emulator's where asked", () => {
    expect(JSON.parse(text(writeClose(open, true)))).toEqual({
      order_id: 1,
      symbol: null,
      order_side: null,
      size: null,
      price: null,
      status: 'CLOSED',
      created_at: 1693973208,
    })
  })

  test('are rejected for the reason that their breakage stands for', () => {
    const expected: Record<Breakage, ReadFault> = {
      truncated: 'invalid_json',
      badUtf8: 'invalid_json',
      notANumber: 'invalid_json',
      empty: 'invalid_json',
      list: 'not_an_object',
      duplicateKey: 'duplicate_key',
      missingField: 'missing_field',
      wrongType: 'invalid_field',
      nineteenDigits: 'invalid_field',
      negative: 'invalid_field',
      tooLarge: 'too_large',
    }
    const reader = new OrderEventReader()
    for (const breakage of BREAKAGES) {
      const bytes = writeBroken(open, breakage)
      expect([breakage, reader.read(bytes, 0, bytes.length)]).toEqual([
        breakage,
        expected[breakage],
      ])
    }
  })
})
