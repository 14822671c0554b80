/** Reads symbols from bytes, giving the same string for the same bytes without making it anew. */

import { decodeAscii } from './json-text.js'

const MAX_BYTES = 32
/** 1: may begin a symbol; 2: may follow. The pattern is ^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$. */
const ALLOWED = new Uint8Array(256)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789') {
  ALLOWED[char.charCodeAt(0)] = 1
}
for (const char of '._/:-') ALLOWED[char.charCodeAt(0)] = 2

const SLOTS = 4096

export class SymbolReader {
  /** The symbol read last under each hash; a clash costs time, never a wrong symbol. */
  readonly #recent: string[] = new Array(SLOTS).fill('')

  /** The symbol at `start … end`, or undefined where the bytes are none. */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start
    if (length === 0 || length > MAX_BYTES || ALLOWED[bytes[start]!] !== 1) return undefined
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (ALLOWED[byte] === 0) return undefined
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const recent = this.#recent[slot]!
    if (isSame(recent, bytes, start, length)) return recent
    const symbol = decodeAscii(bytes, start, end)
    this.#recent[slot] = symbol
    return symbol
  }
}

function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false
  }
  return true
}
