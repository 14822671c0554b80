import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { magnitude } from '../testing/order-events.js'
import { toText } from './decimal.js'
import { Levels } from './levels.js'

/** Speaks of levels by price and of sizes by text. */
class TextLevels {
  readonly levels: Levels

  constructor(seed = 1) {
    this.levels = new Levels(seed)
  }

  add(price: string, size: string, ladder = 0): void {
    const { high, low, scale } = magnitude(size)
    this.levels.addOrder(this.levels.at(ladder, magnitude(price)), high, low, scale)
  }

  remove(price: string, size: string, ladder = 0): void {
    const { high, low, scale } = magnitude(size)
    this.levels.removeOrder(this.levels.at(ladder, magnitude(price)), high, low, scale)
  }

  amount(price: string, ladder = 0): string {
    return toText(this.levels.amountOf(this.levels.at(ladder, magnitude(price))))
  }

  /** The changes since the last call: `ladder price amount`, or `ladder price gone`. */
  changes(limit?: number): string[] {
    const changes: string[] = []
    this.levels.takeChanged((level, isLeft) => {
      const amount = isLeft ? toText(this.levels.amountOf(level)) : 'gone'
      changes.push(`${this.levels.ladderOf(level)} ${toText(this.levels.priceOf(level))} ${amount}`)
    }, limit)
    return changes
  }
}

describe('the amount of a level', () => {
  test.each([
    [['1', '2', '0.5'], '3.5'],
    [['0.1', '0.2'], '0.3'],
    [['9007199254740991', '1'], '9007199254740992'],
    [['9007199254740991', '2'], '9007199254740993'],
    [['4503599627370496', '4503599627370497'], '9007199254740993'],
    [['999999999999999999', '999999999999999999'], '1999999999999999998'],
    [['0.000000000000000001', '999999999999999999'], '999999999999999999.000000000000000001'],
    [['9007199.254740993', '0.000000007'], '9007199.254741'],
    [['100000000000000000', '0.1'], '100000000000000000.1'],
    [['0.123456789012345678', '1'], '1.123456789012345678'],
  ])('is the exact sum of %j', (sizes, sum) => {
    for (const order of [sizes, sizes.toReversed()]) {
      const levels = new TextLevels()
      for (const size of order) levels.add('5', size)
      expect(levels.amount('5')).toBe(sum)
      for (const size of order.slice(1)) levels.remove('5', size)
      expect(levels.amount('5')).toBe(order[0])
    }
  })

  test('comes back to nothing after any adding and removing', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 18n - 1n })
    const sizes = fc.array(fc.tuple(digits, fc.integer({ min: 0, max: 18 })), { maxLength: 30 })
    fc.assert(
      fc.property(sizes, (list) => {
        const levels = new Levels(1)
        const level = levels.at(0, magnitude('5'))
        const step = ([units, scale]: [bigint, number], method: 'addOrder' | 'removeOrder') => {
          levels[method](level, Number(units / 10n ** 9n), Number(units % 10n ** 9n), scale)
        }
        let sum = 0n
        for (const size of list) {
          step(size, 'addOrder')
          sum += size[0] * 10n ** BigInt(18 - size[1])
          const { units, scale } = levels.amountOf(level)
          expect(BigInt(units) * 10n ** BigInt(18 - scale)).toBe(sum)
        }
        for (const size of list) step(size, 'removeOrder')
        expect(toText(levels.amountOf(level))).toBe('0')
      }),
      { seed: 4, numRuns: 500 },
    )
  })
})

describe('changed levels', () => {
  test('are visited once, with what they hold in the end', () => {
    const levels = new TextLevels()
    levels.add('5', '1')
    levels.add('5', '2')
    levels.add('6', '1')
    levels.remove('6', '1')
    expect(levels.levels.changedCount).toBe(2)
    expect(levels.changes(1)).toEqual(['0 5 3'])
    expect(levels.changes(1)).toEqual(['0 6 gone'])
    expect(levels.changes()).toEqual([])
    levels.remove('5', '2')
    expect(levels.changes()).toEqual(['0 5 1'])
  })

  test('of different ladders are different levels at one price', () => {
    const levels = new TextLevels()
    levels.add('5', '1', 0)
    levels.add('5', '2', 1)
    levels.add('5', '3', 2)
    expect([0, 1, 2].map((ladder) => levels.amount('5', ladder))).toEqual(['1', '2', '3'])
  })

  test('without orders are gone after the visit, and their room is used again', () => {
    const levels = new TextLevels()
    for (let round = 0; round < 5; round++) {
      for (let price = 1; price <= 1000; price++) levels.add(`${price}`, `${round + 1}`)
      expect(levels.levels.size).toBe(1000)
      levels.changes()
      for (let price = 1; price <= 1000; price++) levels.remove(`${price}`, `${round + 1}`)
      expect(levels.levels.size).toBe(1000)
      expect(levels.changes()).toHaveLength(1000)
      expect(levels.levels.size).toBe(0)
    }
  })

  test('forget a large amount when they go, so that the next one starts afresh', () => {
    const levels = new TextLevels()
    levels.add('5', '999999999999999999')
    levels.remove('5', '999999999999999999')
    levels.changes()
    levels.add('6', '0.1')
    expect(levels.amount('6')).toBe('0.1')
  })

  test('keep their prices and amounts while a hundred thousand more come and half of them go', () => {
    const levels = new TextLevels(12_345)
    const price = (number: number) => `${number}.5`
    for (let number = 1; number <= 100_000; number++) levels.add(price(number), `${number}`)
    levels.changes()
    for (let number = 2; number <= 100_000; number += 2) levels.remove(price(number), `${number}`)
    levels.changes()
    expect(levels.levels.size).toBe(50_000)
    for (let number = 1; number <= 100_000; number += 2) {
      expect(levels.amount(price(number))).toBe(`${number}`)
    }
    expect(levels.levels.size).toBe(50_000)
  })
})
