/** Where work waits until somebody lets it go on. */
export class Gate {
  #waiting: (() => void)[] = []

  get isAwaited(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves at the next {@link open}. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Lets all go on that wait; who comes later waits for the next time. */
  open(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}
