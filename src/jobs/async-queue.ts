/** A queue that is waited on: what one loop puts in, another takes out. */

export class AsyncQueue<T> {
  readonly #waiting: T[] = []
  #wake: () => void = () => {}
  #isClosed = false

  get length(): number {
    return this.#waiting.length
  }

  push(item: T): void {
    this.#waiting.push(item)
    this.#wake()
  }

  /** Nothing more will be pushed. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  /** The next item; undefined once the queue is closed and empty. For one taker at a time. */
  async next(): Promise<T | undefined> {
    while (this.#waiting.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#waiting.shift()
  }
}
