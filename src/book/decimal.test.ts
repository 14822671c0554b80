import { describe, expect, test } from 'vitest'
import {
  add,
  compare,
  divide,
  fromLimbs,
  fromUnits,
  half,
  isZero,
  multiply,
  parseDecimal,
  round,
  subtract,
  toText,
  ZERO,
} from './decimal.js'

const decimal = (text: string) => parseDecimal(text)!

describe('the text of a decimal', () => {
  test.each([
    [0n, 0, '0'],
    [0n, 18, '0'],
    [1n, 0, '1'],
    [100n, 0, '100'],
    [100n, 2, '1'],
    [1000n, 2, '10'],
    [150n, 2, '1.5'],
    [5n, 1, '0.5'],
    [500n, 3, '0.5'],
    [50n, 3, '0.05'],
    [1n, 18, '0.000000000000000001'],
    [1n, 36, '0.000000000000000000000000000000000001'],
    [999_999_999_999_999_999n, 0, '999999999999999999'],
    [999_999_999_999_999_999n, 18, '0.999999999999999999'],
    [9_007_199_254_740_993n, 1, '900719925474099.3'],
    [-150n, 2, '-1.5'],
    [-1n, 3, '-0.001'],
    [-9_007_199_254_740_993n, 0, '-9007199254740993'],
  ])('of %s × 10^-%i is %s', (units, scale, text) => {
    expect(toText(fromUnits(units, scale))).toBe(text)
  })

  test('never has a minus before zero', () => {
    expect(toText(subtract(ZERO, ZERO))).toBe('0')
    expect(toText(multiply(decimal('-1'), ZERO))).toBe('0')
  })
})

describe('plain decimal text', () => {
  test.each([
    '',
    '.',
    '1.',
    '.5',
    '+1',
    '1e5',
    ' 1',
    '1 ',
    '1\n',
    '--1',
    '1.2.3',
    '１',
    'NaN',
    '0x1',
  ])('is not %j', (text) => {
    expect(parseDecimal(text)).toBeUndefined()
  })

  test('is read whatever zeros it carries', () => {
    expect(toText(decimal('007.500'))).toBe('7.5')
    expect(toText(decimal('-0.10'))).toBe('-0.1')
  })
})

describe('decimals at the edge of the safe integers', () => {
  test('lose no digit when limbs make them', () => {
    expect(toText(fromLimbs(9_007_199, 254_740_993, 0))).toBe('9007199254740993')
    expect(toText(fromLimbs(9_007_199, 254_740_991, 9))).toBe('9007199.254740991')
    expect(toText(fromLimbs(999_999_999, 999_999_999, 18))).toBe('0.999999999999999999')
  })

  test('carry into bigints and come back as numbers', () => {
    const largest = fromUnits(BigInt(Number.MAX_SAFE_INTEGER), 0)
    const beyond = add(largest, decimal('2'))
    expect(toText(beyond)).toBe('9007199254740993')
    expect(subtract(beyond, decimal('2')).units).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('are equal as values, however they are written', () => {
    expect(compare(decimal('1.0'), decimal('1'))).toBe(0)
    expect(compare(decimal('9007199254740993'), decimal('9007199254740992.9'))).toBeGreaterThan(0)
    expect(compare(decimal('-1'), decimal('0.1'))).toBeLessThan(0)
    expect(isZero(decimal('0.000'))).toBe(true)
    expect(isZero(fromUnits(1n, 400))).toBe(false)
  })

  test('halve without rounding', () => {
    expect(toText(half(decimal('34045.49')))).toBe('17022.745')
    expect(toText(half(decimal('0.000000000000000001')))).toBe('0.0000000000000000005')
  })
})

describe('a quotient', () => {
  const halfEven = { scale: 2, rounding: 'half-even' } as const
  const down = { scale: 2, rounding: 'down' } as const

  test.each([
    ['1', '3', '0.33', '0.33'],
    ['2', '3', '0.67', '0.66'],
    ['-2', '3', '-0.67', '-0.66'],
    ['2', '-3', '-0.67', '-0.66'],
    ['-2', '-3', '0.67', '0.66'],
    ['0.125', '1', '0.12', '0.12'],
    ['0.135', '1', '0.14', '0.13'],
    ['-0.125', '1', '-0.12', '-0.12'],
    ['-0.135', '1', '-0.14', '-0.13'],
    ['0.005', '1', '0', '0'],
    ['0.0050000000000000000000001', '1', '0.01', '0'],
    ['-0.006', '1', '-0.01', '0'],
    ['0', '-7', '0', '0'],
    ['123456789012345678901234567890', '0.000000000000000001', null, null],
  ])('of %s / %s is %s half-even and %s down', (a, b, nearest, below) => {
    const exact = '123456789012345678901234567890000000000000000000'
    expect(toText(divide(decimal(a), decimal(b), halfEven))).toBe(nearest ?? exact)
    expect(toText(divide(decimal(a), decimal(b), down))).toBe(below ?? exact)
  })

  test('is never minus zero', () => {
    expect(Object.is(divide(decimal('-0.001'), decimal('1'), down).units, 0)).toBe(true)
  })

  test('by zero is a fault of the caller', () => {
    expect(() => divide(decimal('1'), ZERO, down)).toThrow(RangeError)
  })

  test('by one is rounding', () => {
    expect(toText(round(decimal('2.675'), halfEven))).toBe('2.68')
    expect(toText(round(decimal('7'), halfEven))).toBe('7')
  })
})

describe('short and long texts', () => {
  test.each([
    '0',
    '1.',
    '.1',
    '1.2.3',
    '',
    '.',
    '-1.5',
    '00.50',
    '999999999999999',
    '9999999999999999',
    '99999999999.123',
    '0.0000000000001',
  ])('mean the same: %j', (text) => {
    // Zeros before it make a text long, and change nothing else.
    const long = text.replace(/(\d)/, '0000000000000000$1')
    const [read, padded] = [parseDecimal(text), parseDecimal(long)]
    expect(read?.units).toBe(padded?.units)
    expect(read?.scale).toBe(padded?.scale)
  })
})
