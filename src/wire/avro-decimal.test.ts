/** Decimals as Avro's bytes: known bytes, both ends of the range, and any value there and back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AvroDecimal, shortestText } from './avro-decimal.js'

const WIDE = new AvroDecimal(76, 36)
const CENTS = new AvroDecimal(38, 2)

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
    expect(hex(CENTS.toBytes(text))).toBe(expected)
    expect(CENTS.toText(bytes(expected))).toBe(text === '-0' ? '0' : text)
  })

  it('holds 76 digits of either sign, and not one more', () => {
    const digits = '9'.repeat(40)
    const most = `${digits}.${'9'.repeat(36)}`
    for (const text of [most, `-${most}`]) {
      expect(WIDE.toText(WIDE.toBytes(text)!)).toBe(text)
    }
    expect(WIDE.toBytes(`1${'0'.repeat(40)}`)).toBeUndefined()
    expect(WIDE.toBytes(`0.${'0'.repeat(36)}1`)).toBeUndefined()
  })

  it('takes a value in any plain form, and gives the shortest', () => {
    expect(WIDE.toText(WIDE.toBytes('0034045.2400')!)).toBe('34045.24')
    expect(shortestText('0034045.2400')).toBe('34045.24')
    expect(shortestText('-0')).toBe('0')
    expect(shortestText('-0.00')).toBe('0')
    expect(shortestText('10.50')).toBe('10.5')
    expect(shortestText('100')).toBe('100')
  })

  it.each(['', 'abc', '1e5', '+1', '.5', '1.', '0x1', ' 1', 'NaN'])('refuses "%s"', (text) => {
    expect(WIDE.toBytes(text)).toBeUndefined()
    expect(shortestText(text)).toBeUndefined()
  })

  it('refuses bytes with a leading one too many, without any, and above the precision', () => {
    for (const text of ['0001', 'ffff', 'ff80', '']) {
      expect(CENTS.toText(bytes(text))).toBeUndefined()
    }
    expect(new AvroDecimal(3, 0).toText(bytes('03e8'))).toBeUndefined()
    expect(new AvroDecimal(3, 0).toText(bytes('03e7'))).toBe('999')
    expect(WIDE.toText(new Uint8Array(1_000_000).fill(1))).toBeUndefined()
  })

  it('refuses a million digits at once', () => {
    expect(WIDE.toBytes('9'.repeat(1_000_000))).toBeUndefined()
  })

  it('gives every value back, in the bytes that Java’s BigInteger would write', () => {
    const limit = 10n ** 76n - 1n
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), (units) => {
        const whole = new AvroDecimal(76, 0)
        const written = whole.toBytes(String(units))!
        expect(whole.toText(written)).toBe(String(units))
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
