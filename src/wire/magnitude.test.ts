import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromLimbs, toText } from '../book/decimal.js'
import { naiveValue } from '../oracle/naive-event.js'
import { magnitude } from '../testing/order-events.js'
import { openText, readRecord } from '../testing/read-record.js'
import { readMagnitude } from './magnitude.js'

/** Reads a number as text; the complaint where it is none of ours. */
function read(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const out = { high: 1, low: 2, scale: 3 }
  const wrong = readMagnitude(bytes, 0, bytes.length, out)
  return wrong ?? toText(fromLimbs(out.high, out.low, out.scale))
}

describe('a size or price', () => {
  test.each([
    ['1', '1'],
    ['1.0', '1'],
    ['1.50', '1.5'],
    ['100', '100'],
    ['10e-1', '1'],
    ['0.1e1', '1'],
    ['1e3', '1000'],
    ['1E+2', '100'],
    ['1e-05', '0.00001'],
    ['1e-18', '0.000000000000000001'],
    ['10e-19', '0.000000000000000001'],
    ['1e17', '100000000000000000'],
    ['0.1e18', '100000000000000000'],
    ['123456789012345678', '123456789012345678'],
    ['0.123456789012345678', '0.123456789012345678'],
    ['123456789.012345678', '123456789.012345678'],
    ['999999999999999999', '999999999999999999'],
    ['9007199254740993', '9007199254740993'],
    ['393078814.9', '393078814.9'],
    ['100000000000000000.000', '100000000000000000'],
    ['1.0000000000000000000000000', '1'],
    ['0.0000000000000000010', '0.000000000000000001'],
    [`0.${'0'.repeat(60_000)}1e60001`, '1'],
    [`1${'0'.repeat(60_000)}e-60000`, '1'],
  ])('%.40s is exactly %s', (text, value) => {
    expect(read(text)).toBe(value)
  })

  test.each([
    ['0', 'not above 0'],
    ['-0', 'not above 0'],
    ['0.000', 'not above 0'],
    ['0e99999', 'not above 0'],
    ['-1', 'not above 0'],
    ['-1e-5', 'not above 0'],
    ['1234567890123456789', 'more than 18 significant digits'],
    ['0.1234567890123456789', 'more than 18 significant digits'],
    ['1234567890.123456789', 'more than 18 significant digits'],
    ['1000000000000000001', 'more than 18 significant digits'],
    ['1.0000000000000000001', 'more than 18 significant digits'],
    ['1e-19', 'more than 18 decimals'],
    ['1.5e-18', 'more than 18 decimals'],
    ['0.0000000000000000001', 'more than 18 decimals'],
    ['1e-99999999999999999999', 'more than 18 decimals'],
    ['1000000000000000000', 'not below 10^18'],
    ['1e18', 'not below 10^18'],
    ['0.1e19', 'not below 10^18'],
    ['1234567890123456780', 'not below 10^18'],
    ['1e99999999999999999999', 'not below 10^18'],
  ])('%s is rejected: %s', (text, complaint) => {
    expect(read(text)).toBe(complaint)
  })
})

describe('any number', () => {
  const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`))
  const number = fc
    .record({
      sign: fc.constantFrom('', '', '', '-'),
      integer: digits(21).map((text) => text.replace(/^0+(?=.)/, '')),
      fraction: fc.option(digits(22), { nil: undefined }),
      zeros: fc.nat(20),
      exponent: fc.option(fc.integer({ min: -40, max: 40 }), { nil: undefined }),
    })
    .map(({ sign, integer, fraction, zeros, exponent }) => {
      const rest = fraction === undefined ? '' : `.${fraction}${'0'.repeat(zeros)}`
      return `${sign}${integer}${rest}${exponent === undefined ? '' : `e${exponent}`}`
    })

  test('is read as the naive book reads it', () => {
    let accepted = 0
    fc.assert(
      fc.property(number, (text) => {
        const units = naiveValue(text)
        const out = { high: 0, low: 0, scale: 0 }
        const bytes = new TextEncoder().encode(text)
        const wrong = readMagnitude(bytes, 0, bytes.length, out)
        expect(wrong === undefined).toBe(units !== undefined)
        if (units === undefined) return
        accepted++
        const value = BigInt(out.high) * 10n ** 9n + BigInt(out.low)
        expect(value * 10n ** BigInt(18 - out.scale)).toBe(units)
        // The form is canonical, so that equal values have equal parts.
        expect(out).toEqual(magnitude(toText(fromLimbs(out.high, out.low, out.scale))))
      }),
      { seed: 8, numRuns: 5000 },
    )
    expect(accepted).toBeGreaterThan(500)
  })
})

describe('a size or price in a string', () => {
  test.each([
    ['"1"', '1'],
    ['"1.50"', '1.5'],
    ['"1e-05"', '0.00001'],
    ['"\\u0031\\u002e5"', '1.5'],
  ])('may hold exactly one number: %s', (raw, value) => {
    expect(readRecord(openText({ size: raw, price: raw }))).toMatchObject({
      size: value,
      price: value,
    })
  })

  test.each([
    ...['""', '" 1"', '"1 "', '"1\\n"', '"+1"', '"01"', '"1."', '".5"', '"1e"', '"0x1"', '"NaN"'],
    ...['"1,5"', '"1 2"', '"\\"1\\""', '"-1"', '"0"', '"１"', '"1\\u0000"', '"\\ud800"', '"null"'],
    ...['"1234567890123456789"', '"-"', '"1e5.5"', '"é"', '"Infinity"', '"--1"', '"1-"'],
  ])('may not hold anything else: %s', (raw) => {
    expect(readRecord(openText({ size: raw }))).toBe('invalid_field')
    expect(readRecord(openText({ price: raw }))).toBe('invalid_field')
  })
})
