/** The page's decimals against those of the program, which were written apart from them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as book from '../../book/decimal.js'
import {
  add,
  compare,
  divide,
  half,
  multiply,
  parseDecimal,
  subtract,
  toStep,
  toText,
} from './decimal.js'

const text = fc
  .tuple(fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n }), fc.integer({ min: 0, max: 36 }))
  .map(([units, scale]) => book.toText(book.fromUnits(units, scale)))
const there = (value: string) => book.parseDecimal(value)!

function check(property: fc.IRawProperty<unknown>): void {
  fc.assert(property, { seed: 6, numRuns: 2_000 })
}

describe('decimals', () => {
  it('keep their text, in its shortest form', () => {
    check(fc.property(text, (a) => toText(parseDecimal(a)) === a))
    expect(toText(parseDecimal('0.500'))).toBe('0.5')
    expect(toText(parseDecimal('-12.00'))).toBe('-12')
    expect(toText(parseDecimal('0.0'))).toBe('0')
  })

  it('add, subtract, multiply, halve and compare as the program does', () => {
    check(
      fc.property(text, text, (a, b) => {
        const [x, y] = [parseDecimal(a), parseDecimal(b)]
        expect(toText(add(x, y))).toBe(book.toText(book.add(there(a), there(b))))
        expect(toText(subtract(x, y))).toBe(book.toText(book.subtract(there(a), there(b))))
        expect(toText(multiply(x, y))).toBe(book.toText(book.multiply(there(a), there(b))))
        expect(toText(half(x))).toBe(book.toText(book.half(there(a))))
        expect(compare(x, y)).toBe(book.compare(there(a), there(b)))
      }),
    )
  })

  it('divide as the program does, halves to the even digit', () => {
    const to = { scale: 8, rounding: 'half-even' } as const
    check(
      fc.property(text, text, (a, b) => {
        if (b === '0') return
        const expected = book.toText(book.divide(there(a), there(b), to))
        expect(toText(divide(parseDecimal(a), parseDecimal(b), 8))).toBe(expected)
      }),
    )
    const half4 = (a: string, b: string) => toText(divide(parseDecimal(a), parseDecimal(b), 0))
    expect([half4('1', '2'), half4('3', '2'), half4('5', '2'), half4('-1', '2')]).toEqual([
      '0',
      '2',
      '2',
      '0',
    ])
  })

  it('come to the next step on either side, and stay where they are on one', () => {
    const step = (value: string, width: string) =>
      (['down', 'up'] as const).map((way) =>
        toText(toStep(parseDecimal(value), parseDecimal(width), way)),
      )
    expect(step('34045.24', '0.5')).toEqual(['34045', '34045.5'])
    expect(step('34045.24', '10')).toEqual(['34040', '34050'])
    expect(step('34045.5', '0.5')).toEqual(['34045.5', '34045.5'])
    expect(step('-0.3', '1')).toEqual(['-1', '0'])
    expect(step('0.000000000000000001', '100')).toEqual(['0', '100'])
  })

  it.each(['', '1e5', '+1', ' 1', '1.', '.5', 'NaN', '١', '<b>1</b>'])('refuse %j', (wrong) => {
    expect(() => parseDecimal(wrong)).toThrow(RangeError)
  })
})
