/** When the next round is due: at every multiple of the period, by UTC. */
import type { EpochMs } from '../wire/exchange-records.js'
import type { Clock, Log } from './ports.js'

export interface RoundScheduleOptions {
  readonly periodMs: number
  /** So long after its start a round may still begin; after that it is too late for it. */
  readonly windowMs: number
}

export class RoundSchedule {
  readonly #clock: Clock
  readonly #log: Log
  readonly #options: RoundScheduleOptions

  constructor(clock: Clock, log: Log, options: RoundScheduleOptions) {
    this.#clock = clock
    this.#log = log
    this.#options = options
  }

  /** The round that the clock is in. */
  current(): EpochMs {
    const { periodMs } = this.#options
    return Math.floor(this.#clock.now() / periodMs) * periodMs
  }

  /** Resolves when a round after `last` is due; undefined where `signal` aborted first. */
  async next(last: EpochMs | null, signal: AbortSignal): Promise<EpochMs | undefined> {
    const { periodMs, windowMs } = this.#options
    let hasWarned = false
    while (!signal.aborted) {
      const now = this.#clock.now()
      const current = this.current()
      const isNew = last === null || current > last
      if (isNew && now < current + windowMs) return current
      if (!hasWarned && last !== null && now < last) {
        this.#log.warn({ behindMs: last - now }, 'the clock is behind the last poll: waiting')
        hasWarned = true
      }
      // Never longer than a period, because the clock may step.
      const following = Math.max(current, last ?? 0) + periodMs
      await this.#clock.sleep(Math.min(following - now, periodMs), signal)
    }
    return undefined
  }
}
