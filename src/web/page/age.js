/** How old the book on the screen is, by the server's clock, and what is said of it. */

const LATE_MS = 2_000
const STALE_MS = 5_000

/** @typedef {'fresh' | 'late' | 'stale'} Freshness */

/**
 * The server's time without trusting the clock of this machine: the server says how
 * old its newest tick is, and from there a clock counts that nobody sets.
 */
export class ServerClock {
  /** @type {number | undefined} */
  #offsetMs
  /** @type {() => number} */
  #monotonic

  /** @param {() => number} monotonic milliseconds, never set back */
  constructor(monotonic) {
    this.#monotonic = monotonic
  }

  /**
   * @param {{ tick: number, ageMs: number, askedAtMs: number }} answer when the question left, by the monotonic clock
   */
  set({ tick, ageMs, askedAtMs }) {
    const now = this.#monotonic()
    // The answer was made about half way between question and answer.
    this.#offsetMs = tick * 1000 + ageMs - (askedAtMs + now) / 2
  }

  /**
   * @param {number} tick
   * @returns {number | undefined} undefined before the server has said anything
   */
  ageOf(tick) {
    if (this.#offsetMs === undefined) return undefined
    return Math.max(0, this.#offsetMs + this.#monotonic() - tick * 1000)
  }
}

/**
 * @param {number} ageMs
 * @returns {Freshness}
 */
export function freshnessOf(ageMs) {
  if (ageMs > STALE_MS) return 'stale'
  return ageMs > LATE_MS ? 'late' : 'fresh'
}

/**
 * Such as `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`.
 *
 * @param {number} ms
 */
export function durationText(ms) {
  // Cut, never rounded up: 5.0 s must not be said of what is not over the limit.
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/**
 * Such as `20:19:36`, UTC.
 *
 * @param {number} ms since 1970
 */
export function clockText(ms) {
  return new Date(ms).toISOString().slice(11, 19)
}
