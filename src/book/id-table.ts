/** A hash table from order keys to a few 32-bit words, in typed arrays so that ten million fit. */

const SEGMENTS = 256
const FIRST_CAPACITY = 16
/** Linear probing stays short up to this load. */
const MAX_LOAD = 0.7
/**
 * The upper 12 bits of a hash → its segment. The last segment gets twice the share of the
 * first, so that they double one after another: the table is always about half full, where
 * segments of one size would double nearly together, and a table be 0.35 full after that.
 */
const SEGMENT_OF = Uint8Array.from({ length: 4096 }, (_, part) =>
  Math.floor(Math.log2(1 + part / 4096) * SEGMENTS),
)

/** A key and its words lie side by side, because each place in memory that is new costs a cache miss. */
interface Segment {
  /** The slots in units of 8 bytes: a key, or 0 where the slot is free, and behind it its words. */
  keys: Float64Array
  /** The same memory by words. */
  words: Uint32Array
  capacity: number
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
 * Keys are whole numbers other than 0. `seed` spreads them, so that nobody
 * outside can choose ids that collide; it never changes an answer.
 */
export class IdTable {
  /** Words of the slot that {@link find} or {@link insert} came to last, from `at` on. */
  words: Uint32Array = new Uint32Array(0)
  at = 0
  size = 0
  /** A slot's length in units of 8 bytes. */
  readonly #slot: number
  readonly #seed: number
  readonly #segments: Segment[]
  #segment: Segment

  /** @param words how many words a key carries */
  constructor(words: number, seed: number) {
    this.#slot = 1 + Math.ceil(words / 2)
    this.#seed = seed
    this.#segments = Array.from({ length: SEGMENTS }, () => newSegment(FIRST_CAPACITY, this.#slot))
    this.#segment = this.#segments[0]!
  }

  /** True where `key` is there; `words` and `at` then point to its words until the next call. */
  find(key: number): boolean {
    const hash = this.#hash(key)
    const segment = this.#segments[SEGMENT_OF[hash >>> 20]!]!
    const { keys } = segment
    const step = this.#slot
    let at = (hash & (segment.capacity - 1)) * step
    while (keys[at] !== key) {
      if (keys[at] === 0) return false
      at += step
      if (at === keys.length) at = 0
    }
    this.#pointTo(segment, at)
    return true
  }

  /**
   * Brings the place of `key` into the cache. Only where several are touched one after another
   * does it save anything: the processor then waits for all of them at once.
   *
   * @returns a number that means nothing, which has to be used, or the engine leaves out the reading
   */
  touch(key: number): number {
    const hash = this.#hash(key)
    const { words, capacity } = this.#segments[SEGMENT_OF[hash >>> 20]!]!
    return words[(hash & (capacity - 1)) * this.#slot * 2]!
  }

  /** Puts a key in that is not there yet; `words` and `at` then point to its words, all of them stale. */
  insert(key: number): void {
    const hash = this.#hash(key)
    const segment = this.#segments[SEGMENT_OF[hash >>> 20]!]!
    if (segment.size >= segment.capacity * MAX_LOAD) this.#grow(segment)
    const at = freeSlot(segment, hash, this.#slot)
    segment.keys[at] = key
    segment.size++
    this.size++
    this.#pointTo(segment, at)
  }

  /** Takes the key out that {@link find} came to last. */
  remove(): void {
    const { keys, words, capacity } = this.#segment
    const { length } = keys
    const step = this.#slot
    let hole = this.at / 2 - 1
    let at = hole
    // Later keys of the run move up into the hole, so that no search ever stops short at it.
    for (;;) {
      at += step
      if (at === length) at = 0
      const key = keys[at]!
      if (key === 0) break
      const home = (this.#hash(key) & (capacity - 1)) * step
      const fromHome = at >= home ? at - home : at - home + length
      const fromHole = at >= hole ? at - hole : at - hole + length
      if (fromHome < fromHole) continue
      keys[hole] = key
      copyWords(words, at, words, hole, step)
      hole = at
    }
    keys[hole] = 0
    this.#segment.size--
    this.size--
  }

  /**
   * Yields the keys segment by segment, each portion a copy made when its turn comes: keys
   * move when others are removed, so a place in the table itself would not hold. What
   * is put in or taken out meanwhile may be missing or still there.
   */
  *keys(): Generator<KeyPortion> {
    for (const segment of this.#segments) {
      const keys = new Float64Array(segment.size)
      const slots = segment.capacity
      let count = 0
      for (let at = 0; count < keys.length; at += this.#slot) {
        const key = segment.keys[at]!
        if (key !== 0) keys[count++] = key
      }
      yield { keys, slots }
    }
  }

  #pointTo(segment: Segment, at: number): void {
    this.#segment = segment
    this.words = segment.words
    this.at = at * 2 + 2
  }

  #grow(segment: Segment): void {
    const step = this.#slot
    const grown = newSegment(segment.capacity * 2, step)
    for (let at = 0; at < segment.keys.length; at += step) {
      const key = segment.keys[at]!
      if (key === 0) continue
      const to = freeSlot(grown, this.#hash(key), step)
      grown.keys[to] = key
      copyWords(segment.words, at, grown.words, to, step)
    }
    segment.keys = grown.keys
    segment.words = grown.words
    segment.capacity = grown.capacity
  }

  /** The upper 12 bits choose the segment, the lower ones the slot. */
  #hash(key: number): number {
    const upper = Math.floor(key / 0x1_0000_0000) | 0
    let hash = Math.imul(key ^ this.#seed, 0x85ebca6b)
    hash ^= hash >>> 15
    hash = Math.imul(hash ^ upper ^ this.#seed, 0xc2b2ae35)
    hash ^= hash >>> 13
    return Math.imul(hash, 0x27d4eb2f) >>> 0
  }
}

function freeSlot({ keys, capacity }: Segment, hash: number, step: number): number {
  let at = (hash & (capacity - 1)) * step
  while (keys[at] !== 0) {
    at += step
    if (at === keys.length) at = 0
  }
  return at
}

/** Word by word, because a double may not keep the bits of what is no number, and built-in copies take longer. */
function copyWords(
  from: Uint32Array,
  fromAt: number,
  to: Uint32Array,
  toAt: number,
  step: number,
): void {
  for (let word = 2; word < step * 2; word++) to[toAt * 2 + word] = from[fromAt * 2 + word]!
}

function newSegment(capacity: number, step: number): Segment {
  const memory = new ArrayBuffer(capacity * step * 8)
  return { keys: new Float64Array(memory), words: new Uint32Array(memory), capacity, size: 0 }
}
