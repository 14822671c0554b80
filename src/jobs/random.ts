/** Seeded pseudo-random numbers: the same seed gives the same numbers on every machine. */

const TWO_TO_32 = 4_294_967_296
/** As many as the source throws away, so that close seeds do not begin alike. */
const WARM_UP_ROUNDS = 12

/**
 * sfc32, the "small fast counting" generator of Chris Doty-Humphrey's PractRand
 * (public domain, https://pracrand.sourceforge.net, `RNGs/sfc.cpp`), seeded as it is
 * there: 128 bits of state, a period of at least 2^32, and it passes PractRand's own tests.
 *
 * No logarithm, power or sine is used, because engines may round those differently.
 */
export class Random {
  #a = 0
  #b: number
  #c: number
  #counter = 1

  /** @param seed an integer from 0 to 2^53 − 1; all of its bits count */
  constructor(seed: number) {
    this.#b = seed | 0
    this.#c = Math.floor(seed / TWO_TO_32) | 0
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.next()
  }

  /** An integer from 0 to 2^32 − 1. */
  next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** An integer from 0 to `limit` − 1, for a limit of at most 2^21, up to which the product is exact. */
  below(limit: number): number {
    return Math.floor((this.next() * limit) / TWO_TO_32)
  }

  /** True in a share `probability` of all calls. */
  chance(probability: number): boolean {
    return this.next() < probability * TWO_TO_32
  }

  /** One of `items`, which must hold at least one. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}
