/** Writes ASCII text and exact decimals straight into bytes. */
import { type Decimal, toText } from '../book/decimal.js'

const DIGIT_ZERO = 48
const DOT = 46
const LIMB = 1_000_000_000
/** A safe integer has at most so many digits. */
const MAX_DIGITS = 16
/** Above this many decimals a number is written by way of its text. */
const MAX_SCALE = 18
/** Digits, decimals, the zero before them and the point: no number written as digits is longer. */
const MAX_NUMBER = MAX_DIGITS + MAX_SCALE + 2
/**
 * Bytes that grow. A row of the tick message holds four decimals, and as strings
 * they cost ten times as much: each would be made, cut, joined and encoded.
 */
export class ByteWriter {
  #bytes = new Uint8Array(0)
  #length = 0
  readonly #digits = new Uint8Array(MAX_DIGITS)

  get length(): number {
    return this.#length
  }

  /** Begins anew, with room for `capacity` bytes at first. */
  begin(capacity: number): void {
    this.#bytes = new Uint8Array(capacity)
    this.#length = 0
  }

  /** Gives what was written; nothing may be written any more before {@link begin}. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    return taken
  }

  byte(code: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = code
  }

  /** Appends many bytes as they are. */
  copy(source: Uint8Array): void {
    this.#reserve(source.length)
    this.#bytes.set(source, this.#length)
    this.#length += source.length
  }

  /** The same for a few bytes, which a loop copies faster. */
  bytes(source: Uint8Array): void {
    this.#reserve(source.length)
    const bytes = this.#bytes
    let at = this.#length
    for (let index = 0; index < source.length; index++) bytes[at++] = source[index]!
    this.#length = at
  }

  /** @param text ASCII alone */
  text(text: string): void {
    this.#reserve(text.length)
    for (let index = 0; index < text.length; index++) {
      this.#bytes[this.#length++] = text.charCodeAt(index)
    }
  }

  /** The same text as {@link toText} gives. */
  decimal(value: Decimal): void {
    const { units, scale } = value
    if (typeof units === 'number' && units >= 0 && scale <= MAX_SCALE) this.#number(units, scale)
    else this.text(toText(value))
  }

  /** Writes `units × 10^-scale` in its shortest form. */
  #number(units: number, scale: number): void {
    this.#reserve(MAX_NUMBER)
    this.#readDigits(units)
    const digits = this.#digits
    const point = MAX_DIGITS - scale
    let end = MAX_DIGITS
    while (end > point && end > 0 && digits[end - 1] === DIGIT_ZERO) end--
    const bytes = this.#bytes
    let at = this.#length
    let next = 0
    while (next < MAX_DIGITS - 1 && next < point - 1 && digits[next] === DIGIT_ZERO) next++
    if (point <= 0) bytes[at++] = DIGIT_ZERO
    for (; next < point; next++) bytes[at++] = digits[next]!
    if (end > point && end > 0) {
      bytes[at++] = DOT
      for (let zeros = point; zeros < 0; zeros++) bytes[at++] = DIGIT_ZERO
      for (; next < end; next++) bytes[at++] = digits[next]!
    }
    this.#length = at
  }

  /** Two halves, because only integers below 2^31 are divided quickly. */
  #readDigits(units: number): void {
    const digits = this.#digits
    const upper = Math.floor(units / LIMB)
    let high = upper | 0
    let low = (units - upper * LIMB) | 0
    for (let at = MAX_DIGITS - 1; at >= MAX_DIGITS - 9; at--) {
      const rest = (low / 10) | 0
      digits[at] = DIGIT_ZERO + low - rest * 10
      low = rest
    }
    for (let at = MAX_DIGITS - 10; at >= 0; at--) {
      const rest = (high / 10) | 0
      digits[at] = DIGIT_ZERO + high - rest * 10
      high = rest
    }
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array((this.#length + count) * 2)
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
