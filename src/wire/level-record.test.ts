/** The records of a levels topic. */
import { describe, expect, it } from 'vitest'
import { toText } from '../book/decimal.js'
import { BUY, SELL } from '../book/order-event.js'
import { markOf } from '../testing/memory-levels.js'
import { markRecord, readLevelRecord } from './level-record.js'

describe('a level record', () => {
  it('names partition, symbol, side and price, and holds the exact amount', () => {
    const key = '12 a.b/c:d-E_9 SELL 0.000000000000000001'
    const level = readLevelRecord({ key, value: '123456789012345678901.5' })
    if (level === undefined || 'mark' in level) throw new Error('no level')
    expect(level).toMatchObject({ partition: 12, place: { symbol: 'a.b/c:d-E_9', side: SELL } })
    expect(toText(level.place.price)).toBe('0.000000000000000001')
    expect(toText(level.amount!)).toBe('123456789012345678901.5')
  })

  it('without a value is a level that is gone', () => {
    expect(readLevelRecord({ key: '0 S BUY 7', value: null })).toEqual({
      partition: 0,
      place: { symbol: 'S', side: BUY, price: { units: 7, scale: 0 } },
      amount: undefined,
    })
  })
})

describe('a mark', () => {
  it('comes back as it was written', () => {
    const mark = markOf({ tick: 7, offset: 9, lastRecord: 'ab', rejected: 3, isIncomplete: true })
    expect(readLevelRecord(markRecord(3, mark))).toEqual({ partition: 3, mark })
  })
})

it.each([
  ['', '1'],
  ['a', '1'],
  ['0 S BUY', '1'],
  ['0 S BOTH 1', '1'],
  ['0 S BUY 1.0', '1'],
  ['0 S BUY 01', '1'],
  ['00 S BUY 1', '1'],
  ['0 S BUY -1', '1'],
  ['0  BUY 1', '1'],
  ['0 S BUY 1', '1.0'],
  ['0 S BUY 1', ''],
  ['0 S BUY 1', '1e3'],
  ['0', null],
  ['0', '{}'],
  ['0', 'null'],
  ['0', JSON.stringify({ ...markOf({}), offset: -1 })],
  ['0', JSON.stringify({ ...markOf({}), owner: 1 })],
])('%j with %j is neither', (key, value) => {
  expect(readLevelRecord({ key, value })).toBeUndefined()
})
