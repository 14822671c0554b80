/** Order ids as numbers: every id that is in the books has exactly one key. */

/** The key of an id that is not in the books. */
export const NO_KEY = 0

/**
 * Ids that are numbers below 2^53 are their own keys, moved up by one because 0
 * means none. Any other id gets a negative key for as long as it is remembered.
 */
export class OrderKeys {
  readonly #keys = new Map<string, number>()
  readonly #texts: string[] = ['']
  readonly #free: number[] = []
  #largest = NO_KEY as number

  /**
   * The key of an id, or {@link NO_KEY} where it is certainly not in the books:
   * a text that is not remembered, or a number above all that ever were. Ids that
   * rise, as most do, are spared the search in the tables that way.
   */
  find(orderId: number | string): number {
    if (typeof orderId === 'number') return orderId < this.#largest ? orderId + 1 : NO_KEY
    return this.#keys.get(orderId) ?? NO_KEY
  }

  /** The key of an id, given to it now where it has none. */
  assign(orderId: number | string): number {
    if (typeof orderId === 'number') {
      const key = orderId + 1
      if (key > this.#largest) this.#largest = key
      return key
    }
    const known = this.#keys.get(orderId)
    if (known !== undefined) return known
    const index = this.#free.pop() ?? this.#texts.length
    this.#texts[index] = orderId
    this.#keys.set(orderId, -index)
    return -index
  }

  /** The id behind a key that was assigned and not released since. */
  idOf(key: number): number | string {
    return key > 0 ? key - 1 : this.#texts[-key]!
  }

  /** Forgets the id behind `key`; only a text id takes up room. */
  release(key: number): void {
    if (key >= 0) return
    const index = -key
    this.#keys.delete(this.#texts[index]!)
    this.#texts[index] = ''
    this.#free.push(index)
  }

  /** Releases the keys of all text ids that `isKnown` does not hold on to. */
  releaseUnless(isKnown: (key: number) => boolean): void {
    for (const key of this.#keys.values()) if (!isKnown(key)) this.release(key)
  }
}
