/** Keeps ticks in step: one that is ready sooner than most waits a little, so that they come at equal intervals. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Nobody waits for longer after the second. */
const MAX_PHASE_MS = 20
/** How much a tick counts for in the mean of those before it. */
const SHARE = 1 / 16
/** So many mean deviations above the mean hardly a tick is later. */
const DEVIATIONS = 3

/**
 * Printing, sending and the broker take 10 ms one second and 20 the next. A tick is committed no
 * sooner in its second than nearly all before it were ready: the late ones come no later for that,
 * the others some milliseconds, and what lies between two messages is even. The phase is reckoned
 * as TCP does its time-outs: mean plus some mean deviations (RFC 6298).
 */
export class Beat {
  /** From nothing, because the first ticks of a process are slow, and say little of those to come. */
  #meanMs = 0
  #deviationMs = 0

  /**
   * How long a tick has to wait, in milliseconds.
   *
   * @param lateMs how long after its second it is ready; negative where the clock is behind its ticks
   */
  waitMs(lateMs: number): number {
    if (lateMs < 0) return 0
    // One tick that had to wait for the broker says nothing about the next.
    const usual = Math.min(lateMs, MAX_PHASE_MS)
    const off = usual - this.#meanMs
    this.#deviationMs += SHARE * (Math.abs(off) - this.#deviationMs)
    this.#meanMs += SHARE * off
    const phaseMs = Math.min(MAX_PHASE_MS, this.#meanMs + DEVIATIONS * this.#deviationMs)
    return Math.max(0, phaseMs - lateMs)
  }

  /** Resolves when the tick of this epoch second may be committed. */
  async keep(tick: number): Promise<void> {
    const ms = this.waitMs(Date.now() - tick * 1000)
    if (ms >= 1) await sleep(ms)
  }
}
