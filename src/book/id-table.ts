/** A hash table from order keys to a few 32-bit words, in typed arrays so that ten million fit. */

const SEGMENTS = 256
const FIRST_CAPACITY = 16
/** Linear probing stays short up to this load. */
const MAX_LOAD = 0.7

interface Segment {
  /** 0 marks a free slot. */
  keys: Float64Array
  words: Uint32Array
  size: number
}

export interface KeyPortion {
  readonly keys: Float64Array
  /** How many places were looked at for them, most of them free where a table was fuller once. */
  readonly slots: number
}

/**
 * Open addressing with linear probing in 256 segments. Each segment doubles on
 * its own, so growth never copies more than a 256th of the table at a time.
 *
 * Keys are whole numbers other than 0. `seed` spreads them, so that nobody
 * outside can choose ids that collide; it never changes an answer.
 */
export class IdTable {
  /** Words of the slot that {@link find} or {@link insert} came to last, from `at` on. */
  words: Uint32Array = new Uint32Array(0)
  at = 0
  size = 0
  readonly #stride: number
  readonly #seed: number
  readonly #segments: Segment[]
  #segment: Segment
  #slot = 0

  /** @param stride how many words a key carries */
  constructor(stride: number, seed: number) {
    this.#stride = stride
    this.#seed = seed
    this.#segments = Array.from({ length: SEGMENTS }, () => newSegment(FIRST_CAPACITY, stride))
    this.#segment = this.#segments[0]!
  }

  /** True where `key` is there; `words` and `at` then point to its words until the next call. */
  find(key: number): boolean {
    const hash = this.#hash(key)
    const segment = this.#segments[hash >>> 24]!
    const { keys } = segment
    const mask = keys.length - 1
    let slot = hash & mask
    while (keys[slot] !== key) {
      if (keys[slot] === 0) return false
      slot = (slot + 1) & mask
    }
    this.#pointTo(segment, slot)
    return true
  }

  /** Puts a key in that is not there yet; `words` and `at` then point to its words, all of them stale. */
  insert(key: number): void {
    const hash = this.#hash(key)
    const segment = this.#segments[hash >>> 24]!
    if (segment.size >= segment.keys.length * MAX_LOAD) this.#grow(segment)
    const slot = freeSlot(segment.keys, hash)
    segment.keys[slot] = key
    segment.size++
    this.size++
    this.#pointTo(segment, slot)
  }

  /** Takes the key out that {@link find} came to last. */
  remove(): void {
    const { keys, words } = this.#segment
    const mask = keys.length - 1
    let hole = this.#slot
    // Later keys of the run move up into the hole, so that no search ever stops short at it.
    for (let slot = (hole + 1) & mask; keys[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hash(keys[slot]!) & mask
      const reaches = ((slot - home) & mask) >= ((slot - hole) & mask)
      if (!reaches) continue
      keys[hole] = keys[slot]!
      this.#copyWords(words, slot, words, hole)
      hole = slot
    }
    keys[hole] = 0
    this.#segment.size--
    this.size--
  }

  /**
   * Yields the keys in portions of a 256th, each a copy made when its turn comes: keys
   * move when others are removed, so a place in the table itself would not hold. What
   * is put in or taken out meanwhile may be missing or still there.
   */
  *keys(): Generator<KeyPortion> {
    for (const segment of this.#segments) {
      const keys = new Float64Array(segment.size)
      const slots = segment.keys.length
      let count = 0
      for (let slot = 0; count < keys.length; slot++) {
        const key = segment.keys[slot]!
        if (key !== 0) keys[count++] = key
      }
      yield { keys, slots }
    }
  }

  #pointTo(segment: Segment, slot: number): void {
    this.#segment = segment
    this.#slot = slot
    this.words = segment.words
    this.at = slot * this.#stride
  }

  #grow(segment: Segment): void {
    const { keys, words } = segment
    const grown = newSegment(keys.length * 2, this.#stride)
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot]!
      if (key === 0) continue
      const to = freeSlot(grown.keys, this.#hash(key))
      grown.keys[to] = key
      this.#copyWords(words, slot, grown.words, to)
    }
    segment.keys = grown.keys
    segment.words = grown.words
  }

  /** A loop, because for so few words the built-in copies take several times as long. */
  #copyWords(from: Uint32Array, fromSlot: number, to: Uint32Array, toSlot: number): void {
    const stride = this.#stride
    for (let word = 0; word < stride; word++) {
      to[toSlot * stride + word] = from[fromSlot * stride + word]!
    }
  }

  /** The upper 8 bits choose the segment, the lower ones the slot. */
  #hash(key: number): number {
    const upper = Math.floor(key / 0x1_0000_0000) | 0
    let hash = Math.imul(key ^ this.#seed, 0x85ebca6b)
    hash ^= hash >>> 15
    hash = Math.imul(hash ^ upper ^ this.#seed, 0xc2b2ae35)
    hash ^= hash >>> 13
    return Math.imul(hash, 0x27d4eb2f) >>> 0
  }
}

function freeSlot(keys: Float64Array, hash: number): number {
  const mask = keys.length - 1
  let slot = hash & mask
  while (keys[slot] !== 0) slot = (slot + 1) & mask
  return slot
}

function newSegment(capacity: number, stride: number): Segment {
  return {
    keys: new Float64Array(capacity),
    words: new Uint32Array(capacity * stride),
    size: 0,
  }
}
