/** Finds the known fields of a record: where each value lies, and whether a key comes twice. */

import { type Field, fieldAt, NAMES, UNKNOWN } from './field-names.js'
import { JsonKind, JsonScanner } from './json-scanner.js'
import { decode, isText, unescapeString } from './json-text.js'

/** What each name takes with the quote and the colon behind it. */
const KEY_BYTES = Uint8Array.from(NAMES, (name) => name.length + 2)

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** 1 for the bytes that stand for themselves in a string: printable ASCII but `"` and `\`. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x7f && byte !== QUOTE && byte !== 0x5c ? 1 : 0,
)
/** 1 for the four bytes that are white space in JSON. */
const WHITE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === SPACE || byte === 0x09 || byte === 0x0a || byte === 0x0d ? 1 : 0,
)

/** The arrays are indexed by field number; they mean something where {@link has} says so. */
export class RecordFields {
  /** {@link JsonKind} of the value. */
  readonly kinds = new Uint8Array(NAMES.length)
  readonly starts = new Int32Array(NAMES.length)
  readonly ends = new Int32Array(NAMES.length)
  /** 1 where the value is a string with an escape in it. */
  readonly escapes = new Uint8Array(NAMES.length)
  /** Which key comes twice, in words; empty where none does. */
  duplicate = ''
  /** Where the record stopped being JSON. */
  faultAt = 0
  readonly #scanner = new JsonScanner()
  #bytes: Uint8Array = new Uint8Array(0)
  /** One bit for each field whose key came, and for each whose value is not null. */
  #keys = 0
  #values = 0
  #unknownKeys: Set<string> | undefined

  /** Goes over the whole record at `start … end`. */
  scan(bytes: Uint8Array, start: number, end: number): 'object' | 'other' | 'invalid' {
    this.#bytes = bytes
    this.duplicate = ''
    if (this.#scanPlain(start, end)) return 'object'
    const scanner = this.#scanner
    scanner.reset(bytes, start, end)
    const isObject = scanner.peek() === OPEN_BRACE
    const isValue = isObject ? this.#scanObject() : scanner.skipValue() !== JsonKind.invalid
    if (isValue && scanner.peek() === -1) return isObject ? 'object' : 'other'
    this.faultAt = Math.min(scanner.at, end) - start
    return 'invalid'
  }

  nameOf(field: Field): string {
    return NAMES[field]!
  }

  /** False where the field is absent or null, which are the same. */
  has(field: Field): boolean {
    return ((this.#values >>> field) & 1) === 1
  }

  /** True where the field is the string `text`, however it is escaped. */
  hasText(field: Field, text: Uint8Array): boolean {
    if (!this.has(field) || this.kinds[field] !== JsonKind.string) return false
    const start = this.starts[field]!
    const end = this.ends[field]!
    if (this.escapes[field] === 0) return isText(this.#bytes, start + 1, end - 1, text)
    return unescapeString(this.#bytes, start, end) === decode(text, 0, text.length)
  }

  /**
   * The fast way over the records that nearly all are: one flat object, each key a
   * known one and once, plain strings, plain numbers, null. False, with nothing
   * decided, for anything else, faults included. It is one long function because
   * calls, and fields for the cursor to live in, cost twice the time.
   */
  #scanPlain(start: number, end: number): boolean {
    const bytes = this.#bytes
    let keys = 0
    let values = 0
    let at = start
    if (bytes[at] !== OPEN_BRACE || bytes[end - 1] !== CLOSE_BRACE) return false
    do {
      at++
      while (WHITE[bytes[at]!] === 1) at++
      if (bytes[at] !== QUOTE) return false
      const field = fieldAt(bytes, at + 1)
      if (field === UNKNOWN || ((keys >>> field) & 1) === 1) return false
      keys |= 1 << field
      at += KEY_BYTES[field]! + 1
      while (WHITE[bytes[at]!] === 1) at++
      const valueStart = at
      const first = bytes[at]!
      if (first === QUOTE) {
        at++
        while (PLAIN[bytes[at]!] === 1) at++
        if (bytes[at] !== QUOTE) return false
        at++
        this.kinds[field] = JsonKind.string
        this.escapes[field] = 0
        values |= 1 << field
      } else if (first >= ZERO && first <= NINE) {
        at++
        if (first !== ZERO) while (bytes[at]! >= ZERO && bytes[at]! <= NINE) at++
        if (bytes[at] === DOT) {
          at++
          const fraction = at
          while (bytes[at]! >= ZERO && bytes[at]! <= NINE) at++
          if (at === fraction) return false
        }
        this.kinds[field] = JsonKind.number
        values |= 1 << field
      } else if (bytes[at] === 0x6e && isText(bytes, at, at + 4, NULL)) {
        at += 4
      } else {
        return false
      }
      this.starts[field] = valueStart
      this.ends[field] = at
      while (WHITE[bytes[at]!] === 1) at++
    } while (bytes[at] === COMMA)
    // The bytes may go on behind the record; only a brace that is its last one ends it.
    if (at !== end - 1 || bytes[at] !== CLOSE_BRACE) return false
    this.#keys = keys
    this.#values = values
    return true
  }

  /** The exact way, for any JSON; false where it is not valid. */
  #scanObject(): boolean {
    const scanner = this.#scanner
    this.#keys = 0
    this.#values = 0
    this.#unknownKeys = undefined
    scanner.at++
    if (scanner.skip(CLOSE_BRACE)) return true
    do {
      if (scanner.peek() !== QUOTE) return false
      const keyStart = scanner.at
      if (!scanner.skipString()) return false
      const field = this.#takeKey(keyStart, scanner.at)
      if (!scanner.skip(COLON)) return false
      scanner.peek()
      const start = scanner.at
      const kind = scanner.skipValue()
      if (kind === JsonKind.invalid) return false
      if (field === UNKNOWN) continue
      this.kinds[field] = kind
      this.starts[field] = start
      this.ends[field] = scanner.at
      this.escapes[field] = kind === JsonKind.string && scanner.hasEscape ? 1 : 0
      if (kind !== JsonKind.null) this.#values |= 1 << field
    } while (scanner.skip(COMMA))
    return scanner.skip(CLOSE_BRACE)
  }

  /** The number of the field that the key names; takes note of a key that comes twice. */
  #takeKey(start: number, end: number): number {
    let field = fieldAt(this.#bytes, start + 1)
    if (field === UNKNOWN) {
      const key = this.#scanner.hasEscape
        ? unescapeString(this.#bytes, start, end)
        : decode(this.#bytes, start + 1, end - 1)
      field = (NAMES as readonly string[]).indexOf(key) as Field | typeof UNKNOWN
      if (field === UNKNOWN) return this.#takeUnknownKey(key)
    }
    if (((this.#keys >>> field) & 1) === 1) this.duplicate ||= `${NAMES[field]} comes twice`
    this.#keys |= 1 << field
    return field
  }

  #takeUnknownKey(key: string): number {
    this.#unknownKeys ??= new Set()
    if (this.#unknownKeys.has(key)) this.duplicate ||= 'an unknown key comes twice'
    this.#unknownKeys.add(key)
    return UNKNOWN
  }
}

const NULL = new TextEncoder().encode('null')
