/** The closed ids that are still remembered: the last closes of each partition. */
import { IdTable } from './id-table.js'

/** The oldest close of one partition goes when a newer one comes; time plays no part. */
class Ring {
  #keys = new Float64Array(1024)
  #next = 0
  #full = false

  /** Remembers `key` in place of the oldest, which it returns, or 0 while there is room. */
  push(key: number, capacity: number): number {
    if (!this.#full && this.#next === this.#keys.length && this.#next < capacity) {
      const grown = new Float64Array(Math.min(capacity, this.#keys.length * 2))
      grown.set(this.#keys)
      this.#keys = grown
    }
    if (this.#next === capacity) {
      this.#next = 0
      this.#full = true
    }
    const oldest = this.#full ? this.#keys[this.#next]! : 0
    this.#keys[this.#next++] = key
    return oldest
  }
}

export class ClosedWindow {
  readonly #capacity: number
  readonly #closed: IdTable
  readonly #rings: Ring[] = []

  /** @param capacity how many closes each partition remembers, at least 1 */
  constructor(capacity: number, seed: number) {
    this.#capacity = capacity
    this.#closed = new IdTable(0, seed)
  }

  get size(): number {
    return this.#closed.size
  }

  has(key: number): boolean {
    return this.#closed.find(key)
  }

  /** Remembers a closed key; returns the key that it pushed out, or 0. */
  add(key: number, partition: number): number {
    let ring = this.#rings[partition]
    if (ring === undefined) ring = this.#rings[partition] = new Ring()
    const oldest = ring.push(key, this.#capacity)
    if (oldest !== 0 && this.#closed.find(oldest)) this.#closed.remove()
    this.#closed.insert(key)
    return oldest
  }
}
