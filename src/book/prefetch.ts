/** Brings places in memory into the processor's cache before they are needed, many at once. */

/** A cache line in words: what lies so far behind a place is read too, because a search may go on there. */
export const REACH = 16
/** More places than these are left out. */
const MOST = 64
const NOWHERE = new Uint32Array(1 + REACH)

/**
 * Waiting for one place that is in no cache takes as long as applying an event. The processor
 * waits for many at once, but only for those within the next few hundred instructions, and where
 * each place is worked out just before it is read, these are three or four. So all places are
 * noted first, and then read by a loop that does hardly anything else. It changes nothing.
 */
export class Prefetch {
  readonly #memory: Uint32Array[] = Array.from({ length: MOST }, () => NOWHERE)
  readonly #at = new Int32Array(MOST)
  #count = 0
  /** Means nothing, but the engine leaves out a reading whose result is not used. */
  #read = 0

  /** Notes a place; {@link REACH} more words must follow it. */
  add(memory: Uint32Array, at: number): void {
    if (this.#count === MOST) return
    this.#memory[this.#count] = memory
    this.#at[this.#count++] = at
  }

  /** Reads the places noted since the last call. */
  run(): void {
    this.#read ^= this.#readAll(0) ^ this.#readAll(REACH)
    this.#count = 0
  }

  /** Four at a time, as each turn of a loop costs instructions too; those beyond the last are old ones. */
  #readAll(offset: number): number {
    const memory = this.#memory
    const at = this.#at
    let read = 0
    for (let place = 0; place < this.#count; place += 4) {
      read ^=
        memory[place]![at[place]! + offset]! ^
        memory[place + 1]![at[place + 1]! + offset]! ^
        memory[place + 2]![at[place + 2]! + offset]! ^
        memory[place + 3]![at[place + 3]! + offset]!
    }
    return read
  }
}
