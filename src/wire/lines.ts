/** Splits pieces of bytes into lines, skipping the blank ones. */
import { decode } from './json-text.js'
import { MAX_RECORD_BYTES } from './order-event-reader.js'

const NEWLINE = 0x0a

/** One line, without its newline; valid until the next one is asked for. */
export class Line {
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0

  /** The line as text (bad bytes as U+FFFD), cut after `maxBytes`. */
  text(maxBytes = Number.POSITIVE_INFINITY): string {
    return decode(this.bytes, this.start, Math.min(this.end, this.start + maxBytes))
  }
}

/** Takes pieces by {@link push}, gives lines by {@link next}; a loop over it makes nothing new. */
export class LineReader {
  readonly #line = new Line()
  /** The beginning of a line whose end has not come yet. */
  readonly #pending = new PendingLine()
  #piece: Uint8Array = new Uint8Array(0)
  #start = 0

  /** The next piece; the one before must be read to its end. */
  push(piece: Uint8Array): void {
    this.#piece = piece
    this.#start = 0
  }

  /** The next line that ends in the piece and is not blank; undefined where the piece holds no more. */
  next(): Line | undefined {
    const piece = this.#piece
    for (;;) {
      const start = this.#start
      const end = piece.indexOf(NEWLINE, start)
      if (end < 0) {
        this.#pending.append(piece, start, piece.length)
        this.#start = piece.length
        return undefined
      }
      this.#start = end + 1
      if (this.#pending.length > 0) {
        this.#pending.append(piece, start, end)
        const line = this.last()
        if (line !== undefined) return line
      } else if (!isBlank(piece, start, end)) {
        return this.#at(piece, start, end)
      }
    }
  }

  /** The line that the input ended in without a newline, if there is one. */
  last(): Line | undefined {
    const bytes = this.#pending.take()
    return isBlank(bytes, 0, bytes.length) ? undefined : this.#at(bytes, 0, bytes.length)
  }

  #at(bytes: Uint8Array, start: number, end: number): Line {
    this.#line.bytes = bytes
    this.#line.start = start
    this.#line.end = end
    return this.#line
  }
}

/**
 * A line that grows. One byte above the size limit is enough to reject it, so no
 * more is kept, however long it is; that byte is one that is not blank, if any was.
 */
class PendingLine {
  #bytes = new Uint8Array(MAX_RECORD_BYTES + 1)
  length = 0

  append(bytes: Uint8Array, start: number, end: number): void {
    const taken = Math.min(end - start, this.#bytes.length - this.length)
    this.#bytes.set(bytes.subarray(start, start + taken), this.length)
    this.length += taken
    for (let at = start + taken; at < end; at++) {
      const last = this.#bytes.length - 1
      if (!isBlank(this.#bytes, last, last + 1)) return
      this.#bytes[last] = bytes[at]!
    }
  }

  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length)
    this.length = 0
    return bytes
  }
}

/** True where there is nothing but space, tab and carriage return. */
function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}
