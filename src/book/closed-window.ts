/** The closed ids that are still remembered: the last closes of each partition. */
import { IdTable } from './id-table.js'
import { Prefetch } from './prefetch.js'

/** So many of the oldest are brought into the cache at once. */
const AHEAD = 16

/** The oldest close of one partition goes when a newer one comes; time plays no part. */
class Ring {
  /** How many keys were ever pushed: the number of the one that comes next. */
  pushed = 0
  #keys = new Float64Array(1024)
  #next = 0

  /** Remembers `key` in place of the oldest, which it returns, or 0 while there is room. */
  push(key: number, capacity: number): number {
    if (this.#next === this.#keys.length && this.#next < capacity) {
      const grown = new Float64Array(Math.min(capacity, this.#keys.length * 2))
      grown.set(this.#keys)
      this.#keys = grown
    }
    if (this.#next === capacity) this.#next = 0
    const oldest = this.pushed >= capacity ? this.#keys[this.#next]! : 0
    this.#keys[this.#next++] = key
    this.pushed++
    return oldest
  }

  /** The key that was pushed as that number, counted from 0; it must be among the last `capacity`. */
  at(number: number, capacity: number): number {
    return this.#keys[number % capacity]!
  }
}

/**
 * Ids mostly rise, and are closed not long after each other. A block of 64 neighbours takes one
 * place in the table, so that a million of them lie in half a megabyte and not in sixteen.
 */
const BLOCK = 64

/** Whole numbers other than 0 in blocks, each with a word for its lower and its upper half. */
class KeySet {
  size = 0
  readonly #blocks: IdTable

  constructor(seed: number) {
    this.#blocks = new IdTable(2, seed)
  }

  has(key: number): boolean {
    if (!this.#blocks.find(blockOf(key))) return false
    const { words, at } = this.#blocks
    return ((words[at + halfOf(key)]! >>> key) & 1) === 1
  }

  /** Puts in a key that is not there yet. */
  add(key: number): void {
    const block = blockOf(key)
    if (!this.#blocks.find(block)) {
      this.#blocks.insert(block)
      const { words, at } = this.#blocks
      words[at] = 0
      words[at + 1] = 0
    }
    const { words, at } = this.#blocks
    words[at + halfOf(key)]! |= 1 << key
    this.size++
  }

  /** Takes out a key that is there. */
  delete(key: number): void {
    if (!this.has(key)) throw new Error(`no key ${key}`)
    const { words, at } = this.#blocks
    words[at + halfOf(key)]! &= ~(1 << key)
    if (words[at] === 0 && words[at + 1] === 0) this.#blocks.remove()
    this.size--
  }

  /** As {@link IdTable.expect}. */
  expect(key: number, prefetch: Prefetch): void {
    this.#blocks.expect(blockOf(key), prefetch)
  }
}

/** Never 0, which the table keeps for itself. */
function blockOf(key: number): number {
  const block = Math.floor(key / BLOCK)
  return block < 0 ? block : block + 1
}

/** Shifts take a number's lower five bits; this is the one above them. */
function halfOf(key: number): 0 | 1 {
  return ((key >>> 5) & 1) as 0 | 1
}

export class ClosedWindow {
  /** How many closes each partition remembers. */
  readonly capacity: number
  readonly #closed: KeySet
  readonly #rings: Ring[] = []
  readonly #prefetch = new Prefetch()

  /** @param capacity how many closes each partition remembers, at least 1 */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity
    this.#closed = new KeySet(seed)
  }

  get size(): number {
    return this.#closed.size
  }

  has(key: number): boolean {
    return this.#closed.has(key)
  }

  /** As {@link IdTable.expect}. */
  expect(key: number, prefetch: Prefetch): void {
    this.#closed.expect(key, prefetch)
  }

  /** Remembers a closed key; returns the key that it pushed out, or 0. */
  add(key: number, partition: number): number {
    const ring = this.#ringOf(partition)
    if (ring.pushed % AHEAD === 0) this.#prefetchOldest(ring)
    const oldest = ring.push(key, this.capacity)
    if (oldest !== 0) this.#closed.delete(oldest)
    this.#closed.add(key)
    return oldest
  }

  /** One more than the highest partition that has closed anything. */
  get partitions(): number {
    return this.#rings.length
  }

  /** How many closes of a partition were ever remembered; the last `capacity` of them still are. */
  pushed(partition: number): number {
    return this.#rings[partition]?.pushed ?? 0
  }

  /** The key of a partition's close by its number, which counts from 0 to below {@link pushed}. */
  keyAt(partition: number, number: number): number {
    return this.#rings[partition]!.at(number, this.capacity)
  }

  /** Remembers a key that counts as closed only after {@link settle}. */
  restore(key: number, partition: number): void {
    this.#ringOf(partition).push(key, this.capacity)
  }

  /** Ends a run of {@link restore}, which began with an empty window. */
  settle(): void {
    this.#rings.forEach((ring) => {
      const first = Math.max(0, ring.pushed - this.capacity)
      for (let number = first; number < ring.pushed; number++) {
        this.#closed.add(ring.at(number, this.capacity))
      }
    })
  }

  /** Brings what the next closes push out into the cache. */
  #prefetchOldest(ring: Ring): void {
    const first = ring.pushed - this.capacity
    if (first < 0 || this.capacity < AHEAD) return
    for (let number = first; number < first + AHEAD; number++) {
      this.#closed.expect(ring.at(number, this.capacity), this.#prefetch)
    }
    this.#prefetch.run()
  }

  #ringOf(partition: number): Ring {
    let ring = this.#rings[partition]
    if (ring === undefined) ring = this.#rings[partition] = new Ring()
    return ring
  }
}
