/** A machine of the simulation: its wall clock and its disk. */
import type { Disk } from './disk.js'

/** When the simulation begins, by a clock that is right. */
const START_MS = 1_700_000_000_000

export class Host {
  readonly disk: Disk
  /** How fast its clocks go. */
  readonly rate: number
  /** When its clock was stepped, in virtual ms. */
  readonly steps: number[] = []
  readonly #firstOffsetMs: number
  #offsetMs: number

  constructor(disk: Disk, { rate, offsetMs }: { rate: number; offsetMs: number }) {
    this.disk = disk
    this.rate = rate
    this.#firstOffsetMs = offsetMs
    this.#offsetMs = offsetMs
  }

  wallMs(now: number): number {
    return Math.floor(START_MS + this.#offsetMs + now * this.rate)
  }

  /** When its clock showed that, before it was ever stepped. */
  timeOf(wallMs: number): number {
    return (wallMs - START_MS - this.#firstOffsetMs) / this.rate
  }

  isStepped(before: number): boolean {
    return this.steps.some((at) => at <= before)
  }

  stepClock(byMs: number, now: number): void {
    this.#offsetMs += byMs
    this.steps.push(now)
  }

  /** Sets it to a clock that is right; it goes on at its rate. */
  setClock(now: number): void {
    this.stepClock(-this.#offsetMs, now)
  }
}
