/** Decimals as Avro's bytes: known bytes, both ends of the range, and any value there and back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimalBytes, decimalText, shortestText } from './avro-decimal.js'

const WIDE = { precision: 76, scale: 36 }
const CENTS = { precision: 38, scale: 2 }

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex')
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

describe('decimals as Avro’s bytes', () => {
  it.each([
    ['0', '00'],
    ['-0', '00'],
    ['0.01', '01'],
    ['1.27', '7f'],
    ['1.28', '0080'],
    ['-0.01', 'ff'],
    ['-1.28', '80'],
    ['-1.29', 'ff7f'],
    ['2.56', '0100'],
    ['92233720368547758.07', '7fffffffffffffff'],
    ['92233720368547758.08', '008000000000000000'],
    ['-92233720368547758.08', '8000000000000000'],
    ['-92233720368547758.09', 'ff7fffffffffffffff'],
  ])('writes %s as %s', (text, expected) => {
    expect(hex(decimalBytes(text, CENTS))).toBe(expected)
    expect(decimalText(bytes(expected), CENTS)).toBe(text === '-0' ? '0' : text)
  })

  it('holds 76 digits of either sign, and not one more', () => {
    const digits = '9'.repeat(40)
    const most = `${digits}.${'9'.repeat(36)}`
    for (const text of [most, `-${most}`]) {
      expect(decimalText(decimalBytes(text, WIDE)!, WIDE)).toBe(text)
    }
    expect(decimalBytes(`1${'0'.repeat(40)}`, WIDE)).toBeUndefined()
    expect(decimalBytes(`0.${'0'.repeat(36)}1`, WIDE)).toBeUndefined()
  })

  it('takes a value in any plain form, and gives the shortest', () => {
    expect(decimalText(decimalBytes('0034045.2400', WIDE)!, WIDE)).toBe('34045.24')
    expect(shortestText('0034045.2400')).toBe('34045.24')
    expect(shortestText('-0')).toBe('0')
    expect(shortestText('-0.00')).toBe('0')
    expect(shortestText('10.50')).toBe('10.5')
    expect(shortestText('100')).toBe('100')
  })

  it.each(['', 'abc', '1e5', '+1', '.5', '1.', '0x1', ' 1', 'NaN'])('refuses "%s"', (text) => {
    expect(decimalBytes(text, WIDE)).toBeUndefined()
    expect(shortestText(text)).toBeUndefined()
  })

  it('refuses bytes with a leading one too many, without any, and above the precision', () => {
    for (const text of ['0001', 'ffff', 'ff80', '']) {
      expect(decimalText(bytes(text), CENTS)).toBeUndefined()
    }
    expect(decimalText(bytes('03e8'), { precision: 3, scale: 0 })).toBeUndefined()
    expect(decimalText(bytes('03e7'), { precision: 3, scale: 0 })).toBe('999')
    expect(decimalText(new Uint8Array(1_000_000).fill(1), WIDE)).toBeUndefined()
  })

  it('refuses a million digits at once', () => {
    expect(decimalBytes('9'.repeat(1_000_000), WIDE)).toBeUndefined()
  })

  it('gives every value back, in the bytes that Java’s BigInteger would write', () => {
    const limit = 10n ** 76n - 1n
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), (units) => {
        const whole = { precision: 76, scale: 0 }
        const written = decimalBytes(String(units), whole)!
        expect(decimalText(written, whole)).toBe(String(units))
        const bits = BigInt(written.length * 8)
        expect(BigInt.asIntN(Number(bits), BigInt(`0x${hex(written)}`))).toBe(units)
        const least = units < 0n ? -units - 1n : units
        expect(written.length).toBe(
          Math.floor((least === 0n ? 0 : least.toString(2).length) / 8) + 1,
        )
      }),
    )
  })
})
