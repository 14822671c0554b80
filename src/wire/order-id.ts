/** Reads order ids so that every id keeps its text: none ever passes through a double. */

import { decode, decodeAscii } from './json-text.js'

const ZERO = 0x30
const NINE = 0x39
const MAX_ID_BYTES = 64
const LARGEST_ID = '18446744073709551615'
/** Every integer of so many digits is a safe integer. */
const SAFE_DIGITS = 15

/**
 * The id as the books want it (a number where its text is the plain form of an
 * integer below 2^53, else the text), or undefined where it is no valid id.
 */
export const readOrderId = {
  /** From the bytes of a JSON number: digits only, up to 2^64 − 1. */
  fromNumber(bytes: Uint8Array, start: number, end: number): number | string | undefined {
    if (!isDigits(bytes, start, end) || end - start > LARGEST_ID.length) return undefined
    if (end - start <= SAFE_DIGITS) return toNumber(bytes, start, end)
    const text = decodeAscii(bytes, start, end)
    if (text.length === LARGEST_ID.length && text > LARGEST_ID) return undefined
    return fromText(text)
  },

  /** From the bytes between the quotes of a JSON string without escapes: well-formed UTF-8. */
  fromString(bytes: Uint8Array, start: number, end: number): number | string | undefined {
    const length = end - start
    if (length === 0 || length > MAX_ID_BYTES) return undefined
    const isPlain = length === 1 || bytes[start] !== ZERO
    if (isPlain && length <= SAFE_DIGITS && isDigits(bytes, start, end)) {
      return toNumber(bytes, start, end)
    }
    for (let at = start; at < end; at++) {
      if (bytes[at]! >= 0x80) return fromText(decode(bytes, start, end))
    }
    return fromText(decodeAscii(bytes, start, end))
  },

  fromText,
}

/** From the text of a JSON string. */
function fromText(text: string): number | string | undefined {
  if (!text.isWellFormed()) return undefined
  const length = new TextEncoder().encode(text).length
  if (length === 0 || length > MAX_ID_BYTES) return undefined
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) return text
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at]! < ZERO || bytes[at]! > NINE) return false
  }
  return true
}

function toNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + bytes[at]! - ZERO
  return value
}
