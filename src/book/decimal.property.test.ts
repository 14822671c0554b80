import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  add,
  compare,
  type Decimal,
  fromUnits,
  half,
  isZero,
  multiply,
  parseDecimal,
  subtract,
  toText,
} from './decimal.js'

/** Wide enough that every mixture of numbers and bigints comes up. */
const units = fc.oneof(
  fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
)
const decimal = fc
  .tuple(units, fc.integer({ min: 0, max: 40 }))
  .map(([value, scale]) => fromUnits(value, scale))

/** The same value in units of 10^-100, which holds everything here exactly. */
function exact({ units, scale }: Decimal): bigint {
  return BigInt(units) * 10n ** BigInt(100 - scale)
}

function check(name: string, property: fc.IRawProperty<unknown>): void {
  test(name, () => {
    fc.assert(property, { seed: 1, numRuns: 2000 })
  })
}

describe('decimals agree with bigints', () => {
  check(
    'when they are added and subtracted',
    fc.property(decimal, decimal, (a, b) => {
      expect(exact(add(a, b))).toBe(exact(a) + exact(b))
      expect(exact(subtract(a, b))).toBe(exact(a) - exact(b))
    }),
  )

  check(
    'when they are multiplied and halved',
    fc.property(decimal, decimal, (a, b) => {
      expect(exact(multiply(a, b)) * 10n ** 100n).toBe(exact(a) * exact(b))
      expect(exact(half(a)) * 2n).toBe(exact(a))
    }),
  )

  check(
    'when they are compared',
    fc.property(decimal, decimal, (a, b) => {
      const difference = exact(a) - exact(b)
      expect(Math.sign(compare(a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0)
      expect(isZero(a)).toBe(exact(a) === 0n)
    }),
  )

  check(
    'when the same value comes at another scale',
    fc.property(decimal, fc.integer({ min: 0, max: 20 }), (a, zeros) => {
      const same = fromUnits(BigInt(a.units) * 10n ** BigInt(zeros), a.scale + zeros)
      expect(compare(a, same)).toBe(0)
      expect(toText(same)).toBe(toText(a))
    }),
  )

  check(
    'in what they are kept as: a number exactly where that is safe',
    fc.property(decimal, decimal, (a, b) => {
      for (const { units } of [add(a, b), subtract(a, b), multiply(a, b)]) {
        const isNumber = typeof units === 'number'
        expect(isNumber).toBe(Number.isSafeInteger(Number(units)))
      }
    }),
  )
})

describe('the text of any decimal', () => {
  check(
    'is its shortest plain form, and reads back as the same value',
    fc.property(decimal, (a) => {
      const text = toText(a)
      expect(text).toMatch(/^(0|-?(?:[1-9]\d*(?:\.\d*[1-9])?|0\.\d*[1-9]))$/)
      expect(exact(parseDecimal(text)!)).toBe(exact(a))
    }),
  )
})
