/** Decimals as Avro keeps them: two's complement, big-endian, in as few bytes as will do. */
import { fromUnits, parseDecimal, toText } from '../book/decimal.js'

/** What a schema says of a decimal: digits at most, and how many of them are decimals. */
export interface DecimalForm {
  readonly precision: number
  readonly scale: number
}

/** Every 64-bit limb holds any 19 digits. */
const LIMB_DIGITS = 19
const LIMB_BYTES = 8
/** Around the digits of the shortest form: a minus, a zero and a point. */
const EXTRA_CHARACTERS = 3
const SHORTEST = /^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)\.\d*[1-9])$/

/** The shortest plain form of plain decimal text; undefined where the text is something else. */
export function shortestText(text: string): string | undefined {
  if (SHORTEST.test(text)) return text
  const decimal = parseDecimal(text)
  return decimal === undefined ? undefined : toText(decimal)
}

/**
 * The bytes of plain decimal text. No digit is ever rounded: undefined where the
 * text is no plain decimal, or has more digits or decimals than the form.
 */
export function decimalBytes(
  text: string,
  { precision, scale }: DecimalForm,
): Uint8Array | undefined {
  // Long texts are refused before they cost anything: turning them into a bigint is quadratic.
  if (text.length > precision + EXTRA_CHARACTERS) return undefined
  const decimal = parseDecimal(SHORTEST.test(text) ? text : (shortestText(text) ?? ''))
  if (decimal === undefined || decimal.scale > scale) return undefined
  const units = BigInt(decimal.units) * 10n ** BigInt(scale - decimal.scale)
  return fits(units, precision) ? twosComplement(units, precision) : undefined
}

/**
 * The shortest plain text of a decimal's bytes. One value has one form: undefined
 * where a leading byte could be left out, where there is none, and where the value
 * has more digits than the form.
 */
export function decimalText(
  bytes: Uint8Array,
  { precision, scale }: DecimalForm,
): string | undefined {
  const [first, second = 0] = bytes
  if (first === undefined || bytes.length > scratchBytes(precision)) return undefined
  const sign = first & 0x80 ? 0xff : 0
  if (bytes.length > 1 && first === sign && ((second ^ sign) & 0x80) === 0) return undefined
  const limbs = new Uint8Array(Math.ceil(bytes.length / LIMB_BYTES) * LIMB_BYTES).fill(sign)
  limbs.set(bytes, limbs.length - bytes.length)
  const view = new DataView(limbs.buffer)
  let units = view.getBigInt64(0)
  for (let at = LIMB_BYTES; at < limbs.length; at += LIMB_BYTES) {
    units = (units << 64n) | view.getBigUint64(at)
  }
  return fits(units, precision) ? toText(fromUnits(units, scale)) : undefined
}

function twosComplement(units: bigint, precision: number): Uint8Array {
  const bytes = new Uint8Array(scratchBytes(precision))
  const view = new DataView(bytes.buffer)
  let rest = units
  for (let at = bytes.length - LIMB_BYTES; at >= 0; at -= LIMB_BYTES) {
    view.setBigInt64(at, BigInt.asIntN(64, rest))
    rest >>= 64n
  }
  // Bytes that only repeat the sign go, as long as the sign can still be read from the next one.
  const sign = units < 0n ? 0xff : 0
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === sign) {
    if ((bytes[start + 1]! ^ sign) & 0x80) break
    start++
  }
  return bytes.subarray(start)
}

/** Limbs for the digits and one more for the sign. */
function scratchBytes(precision: number): number {
  return (Math.ceil(precision / LIMB_DIGITS) + 1) * LIMB_BYTES
}

function fits(units: bigint, precision: number): boolean {
  const limit = 10n ** BigInt(precision)
  return units < limit && units > -limit
}
