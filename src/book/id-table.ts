/** A hash table from order keys to a few 32-bit words, in typed arrays so that ten million fit. */
import { type Prefetch, REACH } from './prefetch.js'

const SEGMENTS = 256
const FIRST_CAPACITY = 16
/**
 * So full a segment may be. A key is found in the fourth slot then, on average and after long use,
 * and what is not there is known in the fifteenth; half full it is the second and the third.
 */
const MAX_LOAD = 0.65
/**
 * The upper 12 bits of a hash → its segment. The last segment gets twice the share of the
 * first, so that they double one after another: the table is always about half full, where
 * segments of one size would double nearly together, and a table be a third full after that.
 */
const SEGMENT_OF = Uint8Array.from({ length: 4096 }, (_, part) =>
  Math.floor(Math.log2(1 + part / 4096) * SEGMENTS),
)

/** A slot begins with the lower 32 bits of its key, then its upper 22 and above them how many keys passed. */
const KEY_WORDS = 2
const UPPER_BITS = 22
const UPPER = 2 ** UPPER_BITS - 1
const ONE_PASSED = 2 ** UPPER_BITS
/** A count that has come so far stays, because it may be higher: searches are longer then, and as right. */
const MOST_PASSED = 2 ** (32 - UPPER_BITS) - 1

interface Segment {
  /** Slot by slot; behind the last is room for what {@link Prefetch} reads beyond a place. */
  words: Uint32Array
  /** Where the slots end. */
  end: number
  /** One less than the number of slots, which is a power of two. */
  mask: number
  size: number
}

export interface KeyPortion {
  readonly keys: Float64Array
  /** How many places were looked at for them, most of them free where a table was fuller once. */
  readonly slots: number
}

/**
 * Open addressing with linear probing in 256 segments. Each segment doubles on
 * its own, so growth never copies more than a 180th of the table at a time.
 *
 * Each slot counts the keys that passed it on their way to a later one. A search ends where none
 * did, so a key that is removed leaves a free slot and nothing else has to be looked at or moved,
 * which where the table is in no cache would cost more than the search.
 *
 * Keys are whole numbers from -2^52 to 2^53 other than 0. `seed` spreads them, so that nobody
 * outside can choose ids that collide; it never changes an answer.
 */
export class IdTable {
  /** Words of the slot that {@link find} or {@link insert} came to last, from `at` on. */
  words: Uint32Array = new Uint32Array(0)
  at = 0
  size = 0
  /** A slot's length in words. */
  readonly #slot: number
  readonly #seed: number
  readonly #segments: Segment[]
  #segment: Segment
  /** The first slot on the way to the key that {@link find} or {@link insert} came to last. */
  #home = 0

  /** @param words how many words a key carries */
  constructor(words: number, seed: number) {
    this.#slot = KEY_WORDS + words
    this.#seed = seed
    this.#segments = Array.from({ length: SEGMENTS }, () => newSegment(FIRST_CAPACITY, this.#slot))
    this.#segment = this.#segments[0]!
  }

  /** True where `key` is there; `words` and `at` then point to its words until the next call. */
  find(key: number): boolean {
    const lower = key >>> 0
    const upper = upperOf(key)
    const hash = hashOf(lower, upper, this.#seed)
    const segment = this.#segments[SEGMENT_OF[hash >>> 20]!]!
    const { words, end, mask } = segment
    const step = this.#slot
    const home = (hash & mask) * step
    let at = home
    while (words[at] !== lower || (words[at + 1]! & UPPER) !== upper) {
      if (words[at + 1]! < ONE_PASSED) return false
      at += step
      if (at === end) at = 0
      // Each slot may have been passed by some key, though many are free.
      if (at === home) return false
    }
    this.#home = home
    this.#pointTo(segment, at)
    return true
  }

  /** Notes where `key` is, or would be put. */
  expect(key: number, prefetch: Prefetch): void {
    const hash = hashOf(key >>> 0, upperOf(key), this.#seed)
    const { words, mask } = this.#segments[SEGMENT_OF[hash >>> 20]!]!
    prefetch.add(words, (hash & mask) * this.#slot)
  }

  /** Puts a key in that is not there yet; `words` and `at` then point to its words, all of them stale. */
  insert(key: number): void {
    const lower = key >>> 0
    const upper = upperOf(key)
    const hash = hashOf(lower, upper, this.#seed)
    const segment = this.#segments[SEGMENT_OF[hash >>> 20]!]!
    if (segment.size > segment.mask * MAX_LOAD) this.#grow(segment)
    this.#home = (hash & segment.mask) * this.#slot
    this.#pointTo(segment, putKey(segment, this.#slot, this.#home, lower, upper))
    segment.size++
    this.size++
  }

  /** Takes the key out that {@link find} or {@link insert} came to last. */
  remove(): void {
    const { words, end } = this.#segment
    const found = this.at - KEY_WORDS
    for (let at = this.#home; at !== found; ) {
      if (words[at + 1]! >>> UPPER_BITS < MOST_PASSED) words[at + 1]! -= ONE_PASSED
      at += this.#slot
      if (at === end) at = 0
    }
    words[found] = 0
    words[found + 1]! &= ~UPPER
    this.#segment.size--
    this.size--
  }

  /**
   * Yields the keys segment by segment, each portion a copy made when its turn comes: keys
   * move when their segment grows, so a place in the table itself would not hold. What
   * is put in or taken out meanwhile may be missing or still there.
   */
  *keys(): Generator<KeyPortion> {
    for (const segment of this.#segments) {
      const keys = new Float64Array(segment.size)
      const slots = segment.mask + 1
      let count = 0
      for (let at = 0; count < keys.length; at += this.#slot) {
        const key = keyAt(segment.words, at)
        if (key !== 0) keys[count++] = key
      }
      yield { keys, slots }
    }
  }

  #pointTo(segment: Segment, at: number): void {
    this.#segment = segment
    this.words = segment.words
    this.at = at + KEY_WORDS
  }

  #grow(segment: Segment): void {
    const step = this.#slot
    const { words } = segment
    const grown = newSegment((segment.mask + 1) * 2, step)
    for (let at = 0; at < segment.end; at += step) {
      const lower = words[at]!
      const upper = words[at + 1]! & UPPER
      if (lower === 0 && upper === 0) continue
      const home = (hashOf(lower, upper, this.#seed) & grown.mask) * step
      const to = putKey(grown, step, home, lower, upper)
      // Built-in copies take longer.
      for (let word = KEY_WORDS; word < step; word++) grown.words[to + word] = words[at + word]!
    }
    segment.words = grown.words
    segment.end = grown.end
    segment.mask = grown.mask
  }
}

/** Takes the first free slot from `home` on; returns where it is. */
function putKey(
  { words, end }: Segment,
  step: number,
  home: number,
  lower: number,
  upper: number,
): number {
  let at = home
  while (words[at] !== 0 || (words[at + 1]! & UPPER) !== 0) {
    if (words[at + 1]! >>> UPPER_BITS < MOST_PASSED) words[at + 1]! += ONE_PASSED
    at += step
    if (at === end) at = 0
  }
  words[at] = lower
  words[at + 1]! |= upper
  return at
}

function upperOf(key: number): number {
  return Math.floor(key / 2 ** 32) & UPPER
}

function keyAt(words: Uint32Array, at: number): number {
  const upper = words[at + 1]! & UPPER
  // The highest key is 2^53, whose upper bits are 2^21; what is above that was negative.
  return (upper > 2 ** 21 ? upper - 2 ** UPPER_BITS : upper) * 2 ** 32 + words[at]!
}

/** The upper 12 bits choose the segment, the lower ones the slot. */
function hashOf(lower: number, upper: number, seed: number): number {
  let hash = Math.imul(lower ^ seed, 0x85ebca6b)
  hash ^= hash >>> 15
  hash = Math.imul(hash ^ upper ^ seed, 0xc2b2ae35)
  hash ^= hash >>> 13
  return Math.imul(hash, 0x27d4eb2f) >>> 0
}

function newSegment(slots: number, step: number): Segment {
  const end = slots * step
  return { words: new Uint32Array(end + REACH), end, mask: slots - 1, size: 0 }
}
