/** What snapshot frames carry: states of ids, and closed ids, in typed arrays. */
import { emptyIdState, type IdState, OPEN } from '../book/book-state.js'
import type { Side } from '../book/order-event.js'
import { refused } from './snapshot-frames.js'
import {
  idFromDouble,
  idToDouble,
  MAX_STRING_BYTES,
  readStrings,
  StringTable,
} from './snapshot-strings.js'

/** How many entries a frame holds at most: about a millisecond's work. */
export const FRAME_ENTRIES = 4096

const STATES_HEAD = 8
const STATE_BYTES = 32
const CLOSED_HEAD = 16
const ID_BYTES = 8

/**
 * Collects states of ids into a payload:
 *
 * ```
 * u32 entries, u32 strings
 * entries × { f64 id, u32 what, u32 price high, price low, size high, size low, u32 partition }
 * strings × { u8 length, UTF-8 }
 * ```
 *
 * `what` holds, from its lowest bit: state 2, side 1, price scale 5, size scale 5, and
 * above them the symbol's place among the strings.
 */
export class StateWriter {
  count = 0
  /** An open order may bring two strings: its id and its symbol. */
  readonly #bytes = new Uint8Array(
    STATES_HEAD + FRAME_ENTRIES * (STATE_BYTES + 2 * MAX_STRING_BYTES),
  )
  readonly #doubles = new Float64Array(this.#bytes.buffer, 0, this.#bytes.length >>> 3)
  readonly #words = new Uint32Array(this.#bytes.buffer)
  readonly #strings = new StringTable()

  /** Adds a state; a frame takes {@link FRAME_ENTRIES} of them. */
  add({ id, state, partition, symbol, side, price, size }: IdState): void {
    const double = (STATES_HEAD + this.count * STATE_BYTES) >>> 3
    const word = double * 2
    const words = this.#words
    const place = state === OPEN ? this.#strings.place(symbol) : 0
    this.#doubles[double] = idToDouble(id, this.#strings)
    words[word + 2] = state | (side << 2) | (price.scale << 3) | (size.scale << 8) | (place << 13)
    words[word + 3] = price.high
    words[word + 4] = price.low
    words[word + 5] = size.high
    words[word + 6] = size.low
    words[word + 7] = partition
    this.count++
  }

  /** The payload, which holds until the next {@link add}; the writer is empty again. */
  flush(): Uint8Array {
    this.#words[0] = this.count
    this.#words[1] = this.#strings.count
    const end = this.#strings.flush(this.#bytes, STATES_HEAD + this.count * STATE_BYTES)
    this.count = 0
    return padded(this.#bytes, end, 0)
  }
}

/** Calls `visit` with each state of the payload, always in the same object. */
export function readStates(payload: Uint8Array<ArrayBuffer>, visit: (state: IdState) => void) {
  const words = new Uint32Array(payload.buffer, payload.byteOffset, payload.length >>> 2)
  const doubles = new Float64Array(payload.buffer, payload.byteOffset, payload.length >>> 3)
  const count = words[0] ?? 0
  const strings = stringsOf(payload, STATES_HEAD + count * STATE_BYTES, words[1])
  const state = emptyIdState()
  for (let index = 0; index < count; index++) {
    const double = (STATES_HEAD + index * STATE_BYTES) >>> 3
    const word = double * 2
    const what = words[word + 2]!
    state.id = idFromDouble(doubles[double]!, strings)
    state.state = (what & 3) as IdState['state']
    state.side = ((what >>> 2) & 1) as Side
    state.symbol = state.state === OPEN ? strings[what >>> 13]! : ''
    state.price.scale = (what >>> 3) & 31
    state.size.scale = (what >>> 8) & 31
    state.price.high = words[word + 3]!
    state.price.low = words[word + 4]!
    state.size.high = words[word + 5]!
    state.size.low = words[word + 6]!
    state.partition = words[word + 7]!
    visit(state)
  }
}

/**
 * Collects one partition's closed ids into a payload, oldest first:
 *
 * ```
 * u32 ids, u32 strings, u32 partition, u32 0
 * ids × f64
 * strings × { u8 length, UTF-8 }
 * ```
 */
export class ClosedWriter {
  readonly #bytes = new Uint8Array(CLOSED_HEAD + FRAME_ENTRIES * (ID_BYTES + MAX_STRING_BYTES))
  readonly #doubles = new Float64Array(this.#bytes.buffer)
  readonly #words = new Uint32Array(this.#bytes.buffer)
  readonly #strings = new StringTable()
  #count = 0

  /** Adds an id; a frame takes {@link FRAME_ENTRIES} of them. */
  add(id: number | string): void {
    this.#doubles[(CLOSED_HEAD >>> 3) + this.#count++] = idToDouble(id, this.#strings)
  }

  /** The payload, which holds until the next {@link add}; the writer is empty again. */
  flush(partition: number): Uint8Array {
    this.#words.set([this.#count, this.#strings.count, partition, 0])
    const end = this.#strings.flush(this.#bytes, CLOSED_HEAD + this.#count * ID_BYTES)
    this.#count = 0
    return padded(this.#bytes, end, 0)
  }
}

/** Calls `visit` with each closed id of the payload, oldest first. */
export function readClosed(
  payload: Uint8Array<ArrayBuffer>,
  visit: (id: number | string, partition: number) => void,
) {
  const words = new Uint32Array(payload.buffer, payload.byteOffset, payload.length >>> 2)
  const doubles = new Float64Array(payload.buffer, payload.byteOffset, payload.length >>> 3)
  const count = words[0] ?? 0
  const strings = stringsOf(payload, CLOSED_HEAD + count * ID_BYTES, words[1])
  for (let index = 0; index < count; index++) {
    visit(idFromDouble(doubles[(CLOSED_HEAD >>> 3) + index]!, strings), words[2]!)
  }
}

/** The bytes up to `end`, and from there to the next multiple of 8 filled with `filler`. */
export function padded(bytes: Uint8Array, end: number, filler: number): Uint8Array {
  const full = Math.ceil(end / 8) * 8
  return bytes.fill(filler, end, full).subarray(0, full)
}

function stringsOf(payload: Uint8Array, at: number, count = 0): string[] {
  if (at > payload.length) throw refused('a frame has more entries than bytes')
  return readStrings(payload, at, count)
}
