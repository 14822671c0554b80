/** Work in steps beside everything else that is due. */
import type { Steps } from '../wire/steps.js'
import type { Clock } from './ports.js'

/** Does the steps one after another, and lets whatever else is due go first between two. */
export async function inSlices<T>(steps: Steps<T>, clock: Clock): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await clock.yield()
  }
}
