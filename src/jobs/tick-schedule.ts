/** When the next tick is due: every UTC second once, whatever the wall clock does. */
import type { Clock } from './ports.js'

/** A step back of the wall clock up to this is waited out. */
const MAX_WAIT_MS = 5_000

export interface DueTick {
  /** Epoch second. */
  readonly tick: number
  /** True where the wall clock is behind the ticks and they go on by the monotonic clock. */
  readonly isHeld: boolean
}

/**
 * Ticks strictly increase. Where the process is late, the seconds that passed are
 * skipped: two messages in a burst would say the same thing twice. Each wait aims
 * at the next second anew, so nothing drifts.
 */
export class TickSchedule {
  readonly #clock: Clock
  #last: number
  #lastMonotonic: number

  /**
   * @param lastTick the tick that was published last, by this process or one before it; where
   * the second that runs has had none, it is due at once
   */
  constructor(clock: Clock, lastTick: number | undefined) {
    this.#clock = clock
    this.#last = lastTick ?? Math.floor(clock.now() / 1000)
    this.#lastMonotonic = clock.monotonic()
  }

  /** Resolves when the next tick is due; undefined where `signal` aborted first. */
  async next(signal: AbortSignal): Promise<DueTick | undefined> {
    while (!signal.aborted) {
      const now = this.#clock.now()
      const second = Math.floor(now / 1000)
      if (second > this.#last) return this.#due(second, false)
      const wait = (this.#last + 1) * 1000 - now
      if (wait <= 1000 + MAX_WAIT_MS) {
        await this.#clock.sleep(wait, signal)
        continue
      }
      const heldWait = this.#lastMonotonic + 1000 - this.#clock.monotonic()
      if (heldWait <= 0) return this.#due(this.#last + 1, true)
      await this.#clock.sleep(heldWait, signal)
    }
    return undefined
  }

  #due(tick: number, isHeld: boolean): DueTick {
    this.#last = tick
    // Held ticks follow each other by whole seconds, not by when the process woke up.
    this.#lastMonotonic = isHeld ? this.#lastMonotonic + 1000 : this.#clock.monotonic()
    return { tick, isHeld }
  }
}
