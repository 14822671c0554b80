/** Reads a JSON number as an exact positive value, or says why it cannot be one. */
import type { Magnitude } from '../book/order-event.js'

const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const LIMB = 1_000_000_000
const MAX_DIGITS = 18
/** No exponent that matters is longer, for a record has at most 65,536 bytes. */
const MAX_EXPONENT = 1_000_000

/**
 * Reads the number at `start … end` (already known to follow the JSON grammar)
 * into `out`.
 *
 * @returns undefined, or what is wrong, in words that hold no payload
 */
export function readMagnitude(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Magnitude,
): string | undefined {
  // The significant digits so far: the first nine, and those after them.
  let upper = 0
  let lower = 0
  let digits = 0
  // Zeros count only once another digit follows them.
  let zeros = 0
  let exponent = 0
  let afterPoint = 0
  let at = start
  if (bytes[at] === MINUS) at++
  for (; at < end; at++) {
    const byte = bytes[at]!
    if (byte === DOT) {
      afterPoint = 1
      continue
    }
    if ((byte | 0x20) === 0x65) break
    exponent -= afterPoint
    if (byte === ZERO) {
      if (digits > 0) zeros++
      continue
    }
    if (digits + zeros >= MAX_DIGITS) return 'more than 18 significant digits'
    for (; zeros >= 0; zeros--) {
      const digit = zeros === 0 ? byte - ZERO : 0
      if (digits++ < 9) upper = upper * 10 + digit
      else lower = lower * 10 + digit
    }
    zeros = 0
  }
  if (digits === 0 || bytes[start] === MINUS) return 'not above 0'
  exponent += zeros + (at < end ? readExponent(bytes, at + 1, end) : 0)
  if (-exponent > MAX_DIGITS) return 'more than 18 decimals'
  if (digits + exponent > MAX_DIGITS) return 'not below 10^18'
  setLimbs(out, upper, lower, digits)
  if (exponent > 0) shiftLeft(out, exponent)
  out.scale = exponent < 0 ? -exponent : 0
  return undefined
}

function readExponent(bytes: Uint8Array, start: number, end: number): number {
  const sign = bytes[start] === MINUS ? -1 : 1
  let value = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= ZERO) value = Math.min(value * 10 + byte - ZERO, MAX_EXPONENT)
  }
  return sign * value
}

/** Turns the first nine digits and the rest into base-10^9 limbs. */
function setLimbs(out: Magnitude, upper: number, lower: number, digits: number): void {
  if (digits <= 9) {
    out.high = 0
    out.low = upper
    return
  }
  const shift = 10 ** (digits - 9)
  const unit = LIMB / shift
  out.high = Math.floor(upper / unit)
  out.low = (upper % unit) * shift + lower
}

/** Multiplies by 10^places; the result stays below 10^18. */
function shiftLeft(out: Magnitude, places: number): void {
  const units = (BigInt(out.high) * BigInt(LIMB) + BigInt(out.low)) * 10n ** BigInt(places)
  out.high = Number(units / BigInt(LIMB))
  out.low = Number(units % BigInt(LIMB))
}
