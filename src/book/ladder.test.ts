import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromUnits, parseDecimal, toText } from './decimal.js'
import { Ladder } from './ladder.js'
import { BUY, SELL } from './order-event.js'

const decimal = (text: string) => parseDecimal(text)!

function pricesOf(ladder: Ladder): string[] {
  return [...ladder].map((level) => toText(level.price))
}

function ladderOf(side: typeof BUY | typeof SELL, prices: string[]): Ladder {
  const ladder = new Ladder(side)
  for (const price of prices) ladder.set(decimal(price), decimal('1'))
  return ladder
}

describe('a ladder', () => {
  test('yields bids from the highest price and asks from the lowest', () => {
    const prices = ['9.5', '10', '0.000000000000000001', '999999999999999999', '9.49']
    const ascending = ['0.000000000000000001', '9.49', '9.5', '10', '999999999999999999']
    expect(pricesOf(ladderOf(SELL, prices))).toEqual(ascending)
    expect(pricesOf(ladderOf(BUY, prices))).toEqual(ascending.toReversed())
  })

  test('has one level for one value, however it is written', () => {
    const ladder = ladderOf(BUY, ['1'])
    ladder.set(decimal('1.00'), decimal('7'))
    expect(ladder.size).toBe(1)
    expect(toText(ladder.best!.amount)).toBe('7')
    ladder.delete(decimal('1.0'))
    expect(ladder.size).toBe(0)
  })

  test('has no best level while it is empty', () => {
    const ladder = new Ladder(SELL)
    expect(ladder.best).toBeUndefined()
    ladder.set(decimal('2'), decimal('1'))
    expect(toText(ladder.best!.price)).toBe('2')
    ladder.delete(decimal('2'))
    expect(ladder.best).toBeUndefined()
    expect(pricesOf(ladder)).toEqual([])
  })

  test('moves its best level when a better one comes or the best one goes', () => {
    const ladder = ladderOf(BUY, ['5', '6'])
    expect(toText(ladder.best!.price)).toBe('6')
    ladder.set(decimal('6.1'), decimal('1'))
    expect(toText(ladder.best!.price)).toBe('6.1')
    ladder.delete(decimal('6.1'))
    expect(toText(ladder.best!.price)).toBe('6')
  })

  test('agrees with a sorted array after any sets and deletions', () => {
    const step = fc.tuple(fc.bigInt({ min: 1n, max: 300n }), fc.integer({ min: 0, max: 3 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const ladder = new Ladder(SELL)
        const prices = new Map<bigint, bigint>()
        for (const [units, action] of steps) {
          const price = fromUnits(units, 2)
          if (action > 0) ladder.set(price, fromUnits(units, 0))
          else ladder.delete(price)
          if (action > 0) prices.set(units, units)
          else prices.delete(units)
        }
        const expected = [...prices.keys()].sort((a, b) => Number(a - b))
        expect(pricesOf(ladder)).toEqual(expected.map((units) => toText(fromUnits(units, 2))))
        expect(ladder.size).toBe(expected.length)
      }),
      { seed: 3, numRuns: 200 },
    )
  })
})
