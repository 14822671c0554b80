/** A machine of the simulation: its wall clock and its disk. */
import type { Disk } from './disk.js'

/** When the simulation begins, by a clock that is right. */
const START_MS = 1_700_000_000_000

export class Host {
  readonly disk: Disk
  /** How fast its clocks go. */
  readonly rate: number
  #offsetMs: number

  constructor(disk: Disk, { rate, offsetMs }: { rate: number; offsetMs: number }) {
    this.disk = disk
    this.rate = rate
    this.#offsetMs = offsetMs
  }

  wallMs(now: number): number {
    return Math.floor(START_MS + this.#offsetMs + now * this.rate)
  }

  stepClock(byMs: number): void {
    this.#offsetMs += byMs
  }
}
