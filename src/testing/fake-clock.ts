/** A clock that moves only when everybody sleeps, so that a test of hours takes milliseconds. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../jobs/ports.js'

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

export class FakeClock implements Clock {
  #monotonic = 0
  #wall: number
  #sleepers: Sleeper[] = []
  /** Changes of the wall clock, by the monotonic time at which they come. */
  readonly #steps: { readonly at: number; readonly byMs: number }[] = []

  /** @param wallMs where the wall clock starts, in ms since 1970 */
  constructor(wallMs: number) {
    this.#wall = wallMs
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { until: this.#monotonic + Math.max(0, ms), wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  async yield(): Promise<void> {
    await setImmediate()
  }

  /** The wall clock steps by `byMs` when so much monotonic time has passed. */
  stepWall(step: { at: number; byMs: number }): void {
    this.#steps.push(step)
  }

  /** Moves both clocks on by `ms`, waking sleepers in order and letting what they start settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    await setImmediate()
    for (;;) {
      const next = Math.min(
        ...this.#sleepers.map(({ until }) => until),
        ...this.#steps.filter(({ at }) => at > this.#monotonic).map(({ at }) => at),
      )
      if (next > end) break
      this.#moveTo(next)
      await setImmediate()
    }
    this.#moveTo(end)
    await setImmediate()
  }

  #moveTo(monotonic: number): void {
    for (const { at, byMs } of this.#steps) {
      if (at > this.#monotonic && at <= monotonic) this.#wall += byMs
    }
    this.#wall += monotonic - this.#monotonic
    this.#monotonic = monotonic
    const due = this.#sleepers.filter(({ until }) => until <= monotonic)
    for (const { wake } of due) wake()
  }
}
