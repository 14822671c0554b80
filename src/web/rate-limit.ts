/** How many requests an address may send: so many a second, and twice as many at once. */
import type { Now } from './ports.js'

const MAX_ADDRESSES = 10_000

interface Bucket {
  tokens: number
  atMs: number
}

export class RateLimit {
  readonly #perSecond: number
  readonly #now: Now
  readonly #buckets = new Map<string, Bucket>()

  constructor(perSecond: number, now: Now) {
    this.#perSecond = perSecond
    this.#now = now
  }

  get addresses(): number {
    return this.#buckets.size
  }

  /** @returns false where the address has had its share */
  allows(address: string): boolean {
    const now = this.#now()
    const most = this.#perSecond * 2
    const bucket = this.#buckets.get(address) ?? { tokens: most, atMs: now }
    const passed = Math.max(0, now - bucket.atMs)
    bucket.tokens = Math.min(most, bucket.tokens + (passed / 1000) * this.#perSecond)
    bucket.atMs = now
    // The one that asked last moves to the end, so that the first is the one to forget.
    this.#buckets.delete(address)
    this.#buckets.set(address, bucket)
    if (this.#buckets.size > MAX_ADDRESSES) {
      const [oldest] = this.#buckets.keys()
      this.#buckets.delete(oldest!)
    }
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}
