/** Work that is done in steps, so that whoever does it can let others go first between two. */

/** Each `next()` is a step of some milliseconds at most; the last one gives the result. */
export type Steps<T> = Generator<void, T, void>

/** Does all of it at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
