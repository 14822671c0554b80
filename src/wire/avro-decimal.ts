/** Decimals as Avro keeps them: two's complement, big-endian, in as few bytes as will do. */
import { fromUnits, parseDecimal, toText } from '../book/decimal.js'

/** Any 19 digits are in a limb of 64 bits. */
const LIMB_DIGITS = 19
const LIMB_BYTES = 8
/** Around the digits of the shortest form: a minus, a zero and a point. */
const EXTRA_CHARACTERS = 3
const PLAIN = /^(-?\d+)(?:\.(\d+))?$/
const SHORTEST = /^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)\.\d*[1-9])$/

/** The shortest plain form of plain decimal text; undefined where the text is something else. */
export function shortestText(text: string): string | undefined {
  if (SHORTEST.test(text)) return text
  const decimal = parseDecimal(text)
  return decimal === undefined ? undefined : toText(decimal)
}

/** What a schema says of a decimal: so many digits at most, and so many of them decimals. */
export class AvroDecimal {
  readonly precision: number
  readonly scale: number
  /** Above every value. */
  readonly #limit: bigint
  /** By how many decimals a text has: what its digits are multiplied by. */
  readonly #factors: readonly bigint[]
  readonly #scratch: Uint8Array
  readonly #limbs: DataView

  constructor(precision: number, scale: number) {
    if (!(precision >= 1 && scale >= 0 && scale <= precision)) {
      throw new Error(`no decimal: precision ${precision}, scale ${scale}`)
    }
    this.precision = precision
    this.scale = scale
    this.#limit = 10n ** BigInt(precision)
    this.#factors = Array.from({ length: scale + 1 }, (_, decimals) => {
      return 10n ** BigInt(scale - decimals)
    })
    // One limb more, for the sign.
    const limbs = Math.ceil(precision / LIMB_DIGITS) + 1
    this.#scratch = new Uint8Array(limbs * LIMB_BYTES)
    this.#limbs = new DataView(this.#scratch.buffer)
  }

  /**
   * The bytes of plain decimal text. No digit is ever rounded: undefined where the
   * text is no plain decimal, or has more digits or decimals than there is room for.
   */
  toBytes(text: string): Uint8Array | undefined {
    // Long texts are refused before they cost anything: turning them into a bigint is quadratic.
    if (text.length > this.precision + EXTRA_CHARACTERS) return undefined
    const match = PLAIN.exec(text)
    if (match === null) return undefined
    const [, whole = '', fraction = ''] = match
    const decimals = fraction.length > this.scale ? fraction.replace(/0+$/, '') : fraction
    const factor = this.#factors[decimals.length]
    if (factor === undefined) return undefined
    const units = BigInt(whole + decimals) * factor
    return this.#fits(units) ? this.#write(units) : undefined
  }

  /**
   * The shortest plain text of a decimal's bytes. One value has one form: undefined
   * where a leading byte could be left out, where there is none, and where the value
   * has too many digits.
   */
  toText(bytes: Uint8Array): string | undefined {
    const [first, second = 0] = bytes
    const scratch = this.#scratch
    if (first === undefined || bytes.length > scratch.length) return undefined
    const sign = first & 0x80 ? 0xff : 0
    if (bytes.length > 1 && first === sign && ((second ^ sign) & 0x80) === 0) return undefined
    scratch.fill(sign)
    scratch.set(bytes, scratch.length - bytes.length)
    let at = scratch.length - Math.ceil(bytes.length / LIMB_BYTES) * LIMB_BYTES
    let units = this.#limbs.getBigInt64(at)
    for (at += LIMB_BYTES; at < scratch.length; at += LIMB_BYTES) {
      units = (units << 64n) | this.#limbs.getBigUint64(at)
    }
    return this.#fits(units) ? toText(fromUnits(units, this.scale)) : undefined
  }

  #fits(units: bigint): boolean {
    return units < this.#limit && units > -this.#limit
  }

  #write(units: bigint): Uint8Array {
    const scratch = this.#scratch
    const sign = units < 0n ? 0xff : 0
    const end = units < 0n ? -1n : 0n
    let start = scratch.length
    for (let rest = units; rest !== end; rest >>= 64n) {
      start -= LIMB_BYTES
      this.#limbs.setBigInt64(start, BigInt.asIntN(64, rest))
    }
    // Bytes that only repeat the sign go, but the first bit of what is left must show it.
    while (start < scratch.length && scratch[start] === sign) start++
    const isSigned = start < scratch.length && ((scratch[start]! ^ sign) & 0x80) === 0
    if (!isSigned) scratch[--start] = sign
    return scratch.slice(start)
  }
}
