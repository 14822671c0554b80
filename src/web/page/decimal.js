/** Exact decimals on BigInt: every digit that the page computes rather than passes on comes from here. */

/**
 * The value `units × 10^-scale`.
 *
 * @typedef {{ readonly units: bigint, readonly scale: number }} Decimal
 */

/** @type {Decimal} */
export const ZERO = { units: 0n, scale: 0 }

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/

/**
 * Reads plain decimal text as the API gives it; all else is a broken answer.
 *
 * @param {string} text
 * @returns {Decimal}
 */
export function parseDecimal(text) {
  const match = PLAIN.exec(text)
  if (match === null) throw new RangeError(`not a plain decimal: ${text}`)
  const [, sign = '', whole = '', fraction = ''] = match
  return { units: BigInt(`${sign}${whole}${fraction}`), scale: fraction.length }
}

/**
 * The shortest plain form: no exponent, no trailing zeros.
 *
 * @param {Decimal} value
 * @returns {string}
 */
export function toText({ units, scale }) {
  if (units < 0n) return `-${toText({ units: -units, scale })}`
  const digits = units.toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  const fraction = digits.slice(point).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`
}

/**
 * @param {Decimal} a
 * @param {Decimal} b
 * @returns {Decimal}
 */
export function add(a, b) {
  const scale = Math.max(a.scale, b.scale)
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale }
}

/**
 * @param {Decimal} a
 * @param {Decimal} b
 */
export function subtract(a, b) {
  return add(a, { units: -b.units, scale: b.scale })
}

/**
 * @param {Decimal} a
 * @param {Decimal} b
 * @returns {Decimal}
 */
export function multiply(a, b) {
  return { units: a.units * b.units, scale: a.scale + b.scale }
}

/**
 * Half of `a`: one more decimal is always enough.
 *
 * @param {Decimal} a
 */
export function half(a) {
  return multiply(a, { units: 5n, scale: 1 })
}

/**
 * Below zero where `a < b`, zero where they are one value.
 *
 * @param {Decimal} a
 * @param {Decimal} b
 */
export function compare(a, b) {
  const { units } = subtract(a, b)
  return units < 0n ? -1 : units > 0n ? 1 : 0
}

/**
 * `a / b` to so many decimals, halves to the even digit; `b` is not zero.
 *
 * @param {Decimal} a
 * @param {Decimal} b
 * @param {number} scale
 * @returns {Decimal}
 */
export function divide(a, b, scale) {
  const shift = scale + b.scale - a.scale
  const dividend = a.units * 10n ** BigInt(Math.max(shift, 0))
  const divisor = b.units * 10n ** BigInt(Math.max(-shift, 0))
  const quotient = dividend / divisor
  const twice = magnitude(dividend % divisor) * 2n
  const whole = magnitude(divisor)
  if (twice < whole || (twice === whole && quotient % 2n === 0n)) return { units: quotient, scale }
  // A quotient of 0 has lost its sign.
  const isNegative = dividend < 0n !== divisor < 0n
  return { units: isNegative ? quotient - 1n : quotient + 1n, scale }
}

/**
 * The multiple of `step`, which is above zero, at or next to `value` on the side asked for.
 *
 * @param {Decimal} value
 * @param {Decimal} step
 * @param {'down' | 'up'} direction
 * @returns {Decimal}
 */
export function toStep(value, step, direction) {
  const scale = Math.max(value.scale, step.scale)
  const units = unitsAt(value, scale)
  const stepUnits = unitsAt(step, scale)
  // BigInt division cuts towards zero, so the remainder has the sign of the value.
  const rest = ((units % stepUnits) + stepUnits) % stepUnits
  if (rest === 0n) return { units, scale }
  return { units: direction === 'down' ? units - rest : units - rest + stepUnits, scale }
}

/**
 * @param {Decimal} value
 * @param {number} scale at least that of the value
 */
function unitsAt(value, scale) {
  return value.units * 10n ** BigInt(scale - value.scale)
}

/** @param {bigint} value */
function magnitude(value) {
  return value < 0n ? -value : value
}
