/** The oracle's numbers: exact fractions of bigints, read from and printed as plain decimals. */

export interface Fraction {
  readonly over: bigint
  /** Above zero. */
  readonly under: bigint
}

export function fraction(text: string): Fraction {
  const [whole = '', decimals = ''] = text.split('.')
  return { over: BigInt(whole + decimals), under: 10n ** BigInt(decimals.length) }
}

export function whole(value: number): Fraction {
  return { over: BigInt(value), under: 1n }
}

export function plus(a: Fraction, b: Fraction): Fraction {
  return reduced(a.over * b.under + b.over * a.under, a.under * b.under)
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return reduced(a.over * b.under - b.over * a.under, a.under * b.under)
}

export function times(a: Fraction, b: Fraction): Fraction {
  return reduced(a.over * b.over, a.under * b.under)
}

/** @param b not zero */
export function over(a: Fraction, b: Fraction): Fraction {
  const sign = b.over < 0n ? -1n : 1n
  return reduced(sign * a.over * b.under, sign * a.under * b.over)
}

export function isLess(a: Fraction, b: Fraction): boolean {
  return a.over * b.under < b.over * a.under
}

/** Every digit of a fraction that ends. */
export function exactText(value: Fraction): string {
  let places = 0
  while ((value.over * 10n ** BigInt(places)) % value.under !== 0n) places++
  return decimalText((value.over * 10n ** BigInt(places)) / value.under, places)
}

/** Towards zero. */
export function cutText(value: Fraction, places: number): string {
  return decimalText((value.over * 10n ** BigInt(places)) / value.under, places)
}

/** To the nearest, of two that are as near to the even one. */
export function nearestText(value: Fraction, places: number): string {
  const scaled = value.over * 10n ** BigInt(places)
  const isNegative = scaled < 0n
  const size = isNegative ? -scaled : scaled
  const below = size / value.under
  const above = below + 1n
  const toBelow = size - below * value.under
  const toAbove = above * value.under - size
  const isEven = below % 2n === 0n
  const nearest = toBelow < toAbove || (toBelow === toAbove && isEven) ? below : above
  return decimalText(isNegative ? -nearest : nearest, places)
}

function decimalText(units: bigint, places: number): string {
  if (units < 0n) return `-${decimalText(-units, places)}`
  const digits = units.toString().padStart(places + 1, '0')
  const decimals = digits.slice(digits.length - places).replace(/0+$/, '')
  const integer = digits.slice(0, digits.length - places)
  return places === 0 || decimals === '' ? integer : `${integer}.${decimals}`
}

function reduced(numerator: bigint, denominator: bigint): Fraction {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? { over: 0n, under: 1n } : { over: numerator / a, under: denominator / a }
}
