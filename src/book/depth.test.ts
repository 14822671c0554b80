import { describe, expect, test } from 'vitest'
import { parseDecimal, toText } from './decimal.js'
import { depthWithin, isCrossed, midPrice, rank, spread } from './depth.js'
import { Ladder } from './ladder.js'
import { BUY, SELL } from './order-event.js'

type Rows = [price: string, amount: string][]

function book(bids: Rows, asks: Rows): { bids: Ladder; asks: Ladder } {
  const both = { bids: new Ladder(BUY), asks: new Ladder(SELL) }
  for (const [price, amount] of bids) both.bids.set(parseDecimal(price)!, parseDecimal(amount)!)
  for (const [price, amount] of asks) both.asks.set(parseDecimal(price)!, parseDecimal(amount)!)
  return both
}

describe('ranked levels', () => {
  const { bids } = book(
    [
      ['3', '0.5'],
      ['2', '10'],
      ['1.5', '0.001'],
    ],
    [],
  )

  test('carry rank, exact total and running sum from the best price', () => {
    const rows = rank(bids, Number.POSITIVE_INFINITY)
    expect(rows.map((row) => row.rank)).toEqual([1, 2, 3])
    expect(rows.map((row) => toText(row.total))).toEqual(['1.5', '20', '0.0015'])
    expect(rows.map((row) => toText(row.cumSum))).toEqual(['1.5', '21.5', '21.5015'])
  })

  test('stop at the limit', () => {
    expect(rank(bids, 2)).toHaveLength(2)
    expect(rank(bids, 1)).toHaveLength(1)
    expect(rank(bids, 0)).toEqual([])
    expect(rank(new Ladder(SELL), 5)).toEqual([])
  })

  test('keep all 36 decimals and all 36 digits before the point', () => {
    const largest = '999999999999999999'
    const { asks } = book(
      [],
      [
        ['0.000000000000000001', '0.000000000000000001'],
        [largest, largest],
      ],
    )
    const rows = rank(asks, 2)
    expect(toText(rows[0]!.total)).toBe('0.000000000000000000000000000000000001')
    expect(toText(rows[1]!.cumSum)).toBe(
      '999999999999999998000000000000000001.000000000000000000000000000000000001',
    )
  })
})

describe('the middle of a book', () => {
  test('lies halfway between the best prices, exactly', () => {
    const both = book(
      [
        ['34045.24', '1'],
        ['1', '1'],
      ],
      [
        ['34045.25', '1'],
        ['99999', '1'],
      ],
    )
    expect(toText(midPrice(both)!)).toBe('34045.245')
    expect(toText(spread(both)!)).toBe('0.01')
    expect(isCrossed(both)).toBe(false)
  })

  test('is unknown while a side is empty', () => {
    for (const half of [book([['1', '1']], []), book([], [['1', '1']]), book([], [])]) {
      expect(midPrice(half)).toBeUndefined()
      expect(spread(half)).toBeUndefined()
      expect(isCrossed(half)).toBe(false)
    }
  })

  test('shows a locked book as crossed, and a crossed one with a spread below zero', () => {
    expect(isCrossed(book([['2.0', '1']], [['2', '1']]))).toBe(true)
    const crossed = book([['3', '1']], [['2', '1']])
    expect(isCrossed(crossed)).toBe(true)
    expect(toText(spread(crossed)!)).toBe('-1')
  })
})

describe('depth near the mid price', () => {
  const { bids, asks } = book(
    [
      ['99.9', '2'],
      ['99.5', '1'],
      ['99.499', '100'],
    ],
    [
      ['100.1', '1'],
      ['100.5', '3'],
      ['101', '1'],
    ],
  )
  const mid = midPrice({ bids, asks })!

  test('sums the totals up to the limit, which belongs to it', () => {
    expect([10, 50, 100].map((bps) => toText(depthWithin(asks, mid, bps)))).toEqual([
      '100.1',
      '401.6',
      '502.6',
    ])
    expect(toText(depthWithin(bids, mid, 10))).toBe('199.8')
    expect(toText(depthWithin(bids, mid, 50))).toBe('299.3')
  })

  test('is 0 where nothing rests so near, or at all', () => {
    expect(toText(depthWithin(asks, mid, 9))).toBe('0')
    expect(toText(depthWithin(new Ladder(BUY), mid, 100))).toBe('0')
  })

  test('is read no further than the first level beyond', () => {
    function* levels() {
      yield* asks
      throw new Error('read on')
    }
    expect(toText(depthWithin(levels(), mid, 50))).toBe('401.6')
  })
})
