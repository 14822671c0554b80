/** Dead letters that wait for the next commit, and how many of them are too many. */
import type { DeadLetter } from '../wire/records.js'

/** Applying pauses where so many dead letters, or bytes of them, wait to be published. */
const MAX_LETTERS = 10_000
const MAX_BYTES = 4_000_000
/** What a dead letter takes beside its key and value: headers and bookkeeping. */
const OVERHEAD_BYTES = 300

export class DeadLetterBuffer {
  #letters: DeadLetter[] = []
  /** Of these, and of those that are taken and not yet released. */
  #bytes = 0

  get isFull(): boolean {
    return this.#letters.length >= MAX_LETTERS || this.#bytes >= MAX_BYTES
  }

  add(letter: DeadLetter): void {
    this.#letters.push(letter)
    this.#bytes += sizeOf(letter)
  }

  /** Hands over the dead letters gathered so far; {@link release} or {@link putBack} must follow. */
  take(): DeadLetter[] {
    const taken = this.#letters
    this.#letters = []
    return taken
  }

  /** The dead letters taken last are published. */
  release(published: readonly DeadLetter[]): void {
    for (const letter of published) this.#bytes -= sizeOf(letter)
  }

  /** The dead letters taken last are not known to be published: they wait for the next commit. */
  putBack(letters: DeadLetter[]): void {
    this.#letters = [...letters, ...this.#letters]
  }
}

function sizeOf(letter: DeadLetter): number {
  return (letter.key?.length ?? 0) + (letter.value?.length ?? 0) + OVERHEAD_BYTES
}
