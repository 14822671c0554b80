/** The strings of one snapshot frame: symbols and text ids, each known by its place. */
import { refused } from './snapshot-frames.js'

const encoder = new TextEncoder()
// An id may begin with a byte order mark, and is another id without it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
/** The longest text id in UTF-8; symbols are shorter. */
const MAX_TEXT_BYTES = 64
/** Its length in one byte goes before each string. */
export const MAX_STRING_BYTES = 1 + MAX_TEXT_BYTES

export class StringTable {
  readonly #strings: string[] = []
  readonly #places = new Map<string, number>()

  get count(): number {
    return this.#strings.length
  }

  /** The place of `text`, which is added where it is new. */
  place(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    this.#places.set(text, this.#strings.length)
    return this.#strings.push(text) - 1
  }

  /** Writes all strings to `bytes` from `at` on and forgets them; returns where they end. */
  flush(bytes: Uint8Array, at: number): number {
    let end = at
    for (const text of this.#strings) {
      const { written } = encoder.encodeInto(text, bytes.subarray(end + 1))
      bytes[end] = written
      end += 1 + written
    }
    this.#strings.length = 0
    this.#places.clear()
    return end
  }
}

/** Reads back what {@link StringTable.flush} wrote. */
export function readStrings(bytes: Uint8Array, at: number, count: number): string[] {
  const strings: string[] = []
  let end = at
  while (strings.length < count) {
    const start = end + 1
    end = start + (bytes[end] ?? 0)
    if (end > bytes.length) throw refused('a table of strings is longer than its frame')
    strings.push(decoder.decode(bytes.subarray(start, end)))
  }
  return strings
}

/** A number id is itself; a text id is −1 − its place in the frame's strings. */
export function idToDouble(id: number | string, strings: StringTable): number {
  return typeof id === 'number' ? id : -1 - strings.place(id)
}

export function idFromDouble(double: number, strings: readonly string[]): number | string {
  return double >= 0 ? double : strings[-1 - double]!
}
