/** Walks over JSON in UTF-8 bytes without building anything: whether it is valid, where each token lies. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** Kinds of value, as {@link JsonScanner.skipValue} finds them. */
export const JsonKind = { invalid: 0, null: 1, string: 2, number: 3, other: 4 } as const
export type JsonKind = (typeof JsonKind)[keyof typeof JsonKind]

/**
 * A cursor over bytes, checked against RFC 8259 as it goes: the grammar, and
 * that strings are well-formed UTF-8. Methods that return false leave `at`
 * near the fault. Nesting uses no stack of calls, so no depth overflows it.
 */
export class JsonScanner {
  at = 0
  /** Whether the string that was skipped last holds an escape. */
  hasEscape = false
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0
  /** For each open bracket of a nested value, what closes it. */
  #closers = new Uint8Array(64)

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.at = start
    this.#end = end
  }

  /** The next byte that is not white space, or -1 at the end. */
  peek(): number {
    const bytes = this.#bytes
    let at = this.at
    while (at < this.#end) {
      const byte = bytes[at]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at
        return byte
      }
      at++
    }
    this.at = at
    return -1
  }

  /** Skips a string, `at` being on its opening quote. */
  skipString(): boolean {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.at + 1
    this.hasEscape = false
    while (at < end) {
      const byte = bytes[at]!
      if (byte === QUOTE) {
        this.at = at + 1
        return true
      }
      let next = at + 1
      if (byte === BACKSLASH) {
        this.hasEscape = true
        next = skipEscape(bytes, at, end)
      } else if (byte >= 0x80) {
        next = skipMultiByte(bytes, at, end)
      } else if (byte < 0x20) {
        next = -1
      }
      if (next < 0) {
        this.at = at
        return false
      }
      at = next
    }
    this.at = at
    return false
  }

  /** Skips a number, `at` being on its first byte. */
  skipNumber(): boolean {
    const bytes = this.#bytes
    if (bytes[this.at] === MINUS) this.at++
    if (bytes[this.at] === ZERO && this.at < this.#end) this.at++
    else if (!this.#skipDigits()) return false
    if (this.at < this.#end && bytes[this.at] === DOT) {
      this.at++
      if (!this.#skipDigits()) return false
    }
    if (this.at < this.#end && (bytes[this.at]! | 0x20) === 0x65) {
      this.at++
      if (bytes[this.at] === PLUS || bytes[this.at] === MINUS) this.at++
      if (!this.#skipDigits()) return false
    }
    return true
  }

  /** Skips any value, nested ones whole; `invalid` where there is none. */
  skipValue(): JsonKind {
    const byte = this.peek()
    if (byte === QUOTE) return this.skipString() ? JsonKind.string : JsonKind.invalid
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      return this.skipNumber() ? JsonKind.number : JsonKind.invalid
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      return this.#skipNested() ? JsonKind.other : JsonKind.invalid
    }
    if (byte === 0x6e) return this.#skipWord('null') ? JsonKind.null : JsonKind.invalid
    if (byte === 0x74) return this.#skipWord('true') ? JsonKind.other : JsonKind.invalid
    if (byte === 0x66) return this.#skipWord('false') ? JsonKind.other : JsonKind.invalid
    return JsonKind.invalid
  }

  /** Skips one expected punctuation byte after any white space. */
  skip(expected: number): boolean {
    if (this.peek() !== expected) return false
    this.at++
    return true
  }

  /** Skips an object or array, keeping the open brackets in an array of its own. */
  #skipNested(): boolean {
    let depth = 0
    for (;;) {
      // Here a value is due.
      const byte = this.peek()
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.at++
        const closer = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
        if (this.peek() !== closer) {
          this.#push(depth++, closer)
          if (closer === CLOSE_BRACE && !this.#skipKey()) return false
          continue
        }
        this.at++
      } else if (this.skipValue() === JsonKind.invalid) {
        return false
      }
      // Here a value has ended: close what it closes, then go on to the next one.
      while (depth > 0 && this.peek() === this.#closers[depth - 1]) {
        this.at++
        depth--
      }
      if (depth === 0) return true
      if (!this.skip(COMMA)) return false
      if (this.#closers[depth - 1] === CLOSE_BRACE && !this.#skipKey()) return false
    }
  }

  #skipKey(): boolean {
    return this.peek() === QUOTE && this.skipString() && this.skip(COLON)
  }

  #push(depth: number, closer: number): void {
    if (depth === this.#closers.length) {
      const grown = new Uint8Array(depth * 2)
      grown.set(this.#closers)
      this.#closers = grown
    }
    this.#closers[depth] = closer
  }

  #skipWord(word: string): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.at >= this.#end || this.#bytes[this.at] !== word.charCodeAt(index)) return false
      this.at++
    }
    return true
  }

  #skipDigits(): boolean {
    const start = this.at
    while (this.at < this.#end && isDigit(this.#bytes[this.at]!)) this.at++
    return this.at > start
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** The byte after the escape at `at`, or -1 where it is none. */
function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return -1
  const kind = bytes[at + 1]!
  if (kind !== 0x75) return '"\\/bfnrt'.includes(String.fromCharCode(kind)) ? at + 2 : -1
  if (at + 6 > end) return -1
  for (let index = at + 2; index < at + 6; index++) {
    const byte = bytes[index]!
    const isHex = isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
    if (!isHex) return -1
  }
  return at + 6
}

/** The byte after the UTF-8 sequence at `at`, or -1 where it is ill-formed (Unicode 15, table 3-7). */
function skipMultiByte(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  if (lead < 0xc2 || lead > 0xf4 || at + length > end) return -1
  const second = bytes[at + 1]!
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return -1
  for (let index = at + 2; index < at + length; index++) {
    if ((bytes[index]! & 0xc0) !== 0x80) return -1
  }
  return at + length
}
