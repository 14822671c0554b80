/** How a job ends when it is told to: what is in hand may be finished, for a while. */
import type { Clock } from './ports.js'

/** How long a commit in hand may go on after its job was told to stop. */
export const COMMIT_GRACE_MS = 1_000

/** Resolves so long after `signal` aborts. */
export async function graceAfter(signal: AbortSignal, clock: Clock, graceMs: number) {
  await aborted(signal)
  await clock.sleep(graceMs)
}

/** Undefined where `signal` aborts first; what the work comes to is not waited for then. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, aborted(signal).then(() => undefined)])
}

export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
