/** Exact decimals: every price, amount, total and sum in the program is one of these. */

/**
 * The value `units × 10^-scale`, exact.
 *
 * `units` is a number while it is a safe integer and a bigint beyond, so that
 * everyday prices cost no bigint and no digit is ever lost. One value has many
 * forms (1.0 and 1); {@link compare} and {@link toText} look at the value only.
 */
export interface Decimal {
  readonly units: number | bigint
  readonly scale: number
}

export const ZERO: Decimal = { units: 0, scale: 0 }
const ONE: Decimal = { units: 1, scale: 0 }

/** Where a quotient is cut: `half-even` to the nearest, halves to the even digit; `down` towards zero. */
export interface Rounding {
  /** Decimals that are kept. */
  readonly scale: number
  readonly rounding: 'half-even' | 'down'
}

/** 10^0 … 10^22, all of them exact as doubles. */
export const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, n) => Number(`1e${n}`))

const LIMB = 1_000_000_000
/** Up to this upper limb, `high × 10^9 + low` is a safe integer whatever `low` is. */
export const SAFE_HIGH = Math.floor(Number.MAX_SAFE_INTEGER / LIMB) - 1

/** A decimal from the two base-10^9 limbs of its units, as the wire reads them. */
export function fromLimbs(high: number, low: number, scale: number): Decimal {
  if (high <= SAFE_HIGH) return { units: high * LIMB + low, scale }
  return { units: narrow(BigInt(high) * 1_000_000_000n + BigInt(low)), scale }
}

/** A decimal from `units × 10^-scale`. */
export function fromUnits(units: bigint, scale: number): Decimal {
  return { units: narrow(units), scale }
}

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/
/** Whatever digits so short a text holds, they are a safe integer. */
const SHORT_TEXT = 15
const DOT = 46
const DIGIT_ZERO = 48

/**
 * Reads plain decimal text such as `34045.24`; undefined where the text is not
 * one (an exponent, a sign other than a leading minus, white space).
 */
export function parseDecimal(text: string): Decimal | undefined {
  // Exchange books hold ten thousand short numbers each, and this is ten times as fast.
  const short = text.length <= SHORT_TEXT ? parseShort(text) : undefined
  if (short !== undefined) return short
  const match = PLAIN.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  return fromUnits(BigInt(`${match[1]}${match[2]}${fraction}`), fraction.length)
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  const left = unitsAt(a, scale)
  const right = unitsAt(b, scale)
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return { units: sum, scale }
  }
  return fromUnits(BigInt(left) + BigInt(right), scale)
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, { units: -b.units, scale: b.scale })
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  const scale = a.scale + b.scale
  if (typeof a.units === 'number' && typeof b.units === 'number') {
    const product = a.units * b.units
    if (Number.isSafeInteger(product)) return { units: product, scale }
  }
  return fromUnits(BigInt(a.units) * BigInt(b.units), scale)
}

/** Half of `a`, exact: one more decimal is always enough. */
export function half(a: Decimal): Decimal {
  return multiply(a, { units: 5, scale: 1 })
}

/** `a / b`, rounded once, from the exact quotient; `b` is not zero. */
export function divide(a: Decimal, b: Decimal, { scale, rounding }: Rounding): Decimal {
  const shift = scale + b.scale - a.scale
  const dividend = BigInt(a.units) * 10n ** BigInt(Math.max(shift, 0))
  const divisor = BigInt(b.units) * 10n ** BigInt(Math.max(-shift, 0))
  const quotient = dividend / divisor
  if (rounding === 'down') return fromUnits(quotient, scale)
  const twice = magnitude(dividend % divisor) * 2n
  const whole = magnitude(divisor)
  if (twice < whole || (twice === whole && quotient % 2n === 0n)) return fromUnits(quotient, scale)
  // A quotient of 0 has lost its sign.
  const isNegative = dividend < 0n !== divisor < 0n
  return fromUnits(isNegative ? quotient - 1n : quotient + 1n, scale)
}

export function round(a: Decimal, to: Rounding): Decimal {
  return divide(a, ONE, to)
}

/** Negative where `a < b`, zero where they are equal as values, positive where `a > b`. */
export function compare(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale)
  const left = unitsAt(a, scale)
  const right = unitsAt(b, scale)
  return left < right ? -1 : left > right ? 1 : 0
}

export function isZero(a: Decimal): boolean {
  return Number(a.units) === 0
}

/** The shortest plain form: no exponent, no trailing zeros, no rounding. */
export function toText(a: Decimal): string {
  const digits = a.units.toString()
  if (a.scale === 0 || digits === '0') return digits
  if (digits.startsWith('-')) return `-${toText({ units: -a.units, scale: a.scale })}`
  const point = digits.length - a.scale
  let end = digits.length
  while (end > point && end > 0 && digits.charCodeAt(end - 1) === 48) end--
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits.slice(0, end)}`
  if (end === point) return digits.slice(0, point)
  return `${digits.slice(0, point)}.${digits.slice(point, end)}`
}

/** Digits with at most one point between them; undefined for all else, a minus included. */
function parseShort(text: string): Decimal | undefined {
  let units = 0
  let point = -1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT && point === -1 && at > 0) {
      point = at
      continue
    }
    const digit = code - DIGIT_ZERO
    if (digit < 0 || digit > 9) return undefined
    units = units * 10 + digit
  }
  const last = text.length - 1
  if (point === last) return undefined
  return { units, scale: point === -1 ? 0 : last - point }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}

function narrow(units: bigint): number | bigint {
  const value = Number(units)
  return Number.isSafeInteger(value) ? value : units
}

function unitsAt(a: Decimal, scale: number): number | bigint {
  const shift = scale - a.scale
  if (shift === 0) return a.units
  if (typeof a.units === 'number' && shift < POWERS_OF_TEN.length) {
    const units = a.units * POWERS_OF_TEN[shift]!
    if (Number.isSafeInteger(units)) return units
  }
  return BigInt(a.units) * 10n ** BigInt(shift)
}
