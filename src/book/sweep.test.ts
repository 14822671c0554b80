import { describe, expect, test } from 'vitest'
import { parseDecimal, toText } from './decimal.js'
import type { Level } from './ladder.js'
import { BUY, SELL } from './order-event.js'
import { extract, slippage, sweep } from './sweep.js'

const decimal = (text: string) => parseDecimal(text)!

function levelsOf(...rows: [price: string, amount: string][]): Level[] {
  return rows.map(([price, amount]) => ({ price: decimal(price), amount: decimal(amount) }))
}

/** 100, 302 and 812 in total up to each level. */
const ASKS = levelsOf(['100', '1'], ['101', '2'], ['102', '5'])
const BIDS = levelsOf(['99', '1'], ['98', '3'])

function printed(levels: Iterable<Level>, notional: string) {
  const fill = sweep(levels, decimal(notional))
  return {
    complete: fill.complete,
    price: fill.price && toText(fill.price),
    base: toText(fill.baseAmount),
    filled: toText(fill.filledNotional),
    worst: fill.worstPrice && toText(fill.worstPrice),
    levels: fill.levels,
  }
}

describe('a market order', () => {
  test('takes a part of the last level', () => {
    // 1 + 51/101 base units for 151.
    expect(printed(ASKS, '151')).toEqual({
      complete: true,
      price: '100.33552632',
      base: '1.504950495049',
      filled: '151',
      worst: '101',
      levels: 2,
    })
    expect(printed(BIDS, '150')).toMatchObject({ price: '98.65771812', base: '1.520408163265' })
  })

  test('takes a part of a first level that is bigger than the notional', () => {
    const levels = levelsOf(['34045.25', '7.52013'], ['34045.37', '0.10531'])
    expect(printed(levels, '100000')).toEqual({
      complete: true,
      price: '34045.25',
      base: '2.937267313355',
      filled: '100000',
      worst: '34045.25',
      levels: 1,
    })
  })

  test('that ends with a level is complete and takes nothing of the next', () => {
    expect(printed(ASKS, '302')).toEqual({
      complete: true,
      price: '100.66666667',
      base: '3',
      filled: '302',
      worst: '101',
      levels: 2,
    })
    expect(printed(ASKS, '812')).toMatchObject({ complete: true, price: '101.5', levels: 3 })
  })

  test('has no price against a book that is one cent too thin', () => {
    expect(printed(ASKS, '812.01')).toEqual({
      complete: false,
      price: undefined,
      base: '8',
      filled: '812',
      worst: '102',
      levels: 3,
    })
  })

  test('fills nothing against an empty side', () => {
    expect(printed([], '1')).toEqual({
      complete: false,
      price: undefined,
      base: '0',
      filled: '0',
      worst: undefined,
      levels: 0,
    })
  })

  test.each([
    ['0.000000005', '0'],
    ['0.000000015', '0.00000002'],
    ['0.000000025', '0.00000002'],
    ['0.0000000250000001', '0.00000003'],
  ])('at %s prints %s, half to even', (price, text) => {
    expect(printed(levelsOf([price, '1000000000']), '1').price).toBe(text)
  })

  test('loses no digit of the longest numbers', () => {
    const largest = '999999999999999999'
    const levels = levelsOf([largest, largest], [largest, largest])
    // The second level gives 1 unit of money, that is 10^-18 base units and a bit.
    const notional = '999999999999999998000000000000000002'
    expect(printed(levels, notional)).toMatchObject({
      price: largest,
      base: largest,
      filled: notional,
      levels: 2,
    })
  })

  test('reads no further than it must', () => {
    function* levels() {
      yield* ASKS.slice(0, 1)
      throw new Error('read on')
    }
    expect(printed(levels(), '100').levels).toBe(1)
  })
})

describe('an extract', () => {
  function rows(levels: Iterable<Level>, notional: string) {
    return extract(levels, decimal(notional)).map((level) =>
      [level.price, level.amount, level.total, level.cumSum].map(toText),
    )
  }

  test('ends exactly at the notional, its last level cut to the part that is used', () => {
    expect(rows(ASKS, '151')).toEqual([
      ['100', '1', '100', '100'],
      ['101', '0.504950495049', '51', '151'],
    ])
    expect(rows(ASKS, '302').at(-1)).toEqual(['101', '2', '202', '302'])
  })

  test('of a book that is too thin holds all of it', () => {
    expect(rows(BIDS, '1000')).toEqual([
      ['99', '1', '99', '99'],
      ['98', '3', '294', '393'],
    ])
    expect(rows([], '1000')).toEqual([])
  })
})

describe('slippage', () => {
  const mid = decimal('99.5')

  test('is what a buy pays above the mid and a sell gets below it', () => {
    const buy = slippage({ side: BUY, price: decimal('100.33552632'), mid })
    const sell = slippage({ side: SELL, price: decimal('98.65771812'), mid })
    expect([buy, sell].map(toText)).toEqual(['83.9725', '84.6514'])
  })

  test('is below zero where an order does better than the mid', () => {
    expect(toText(slippage({ side: BUY, price: decimal('99'), mid }))).toBe('-50.2513')
    expect(toText(slippage({ side: SELL, price: decimal('99.5'), mid }))).toBe('0')
  })
})
