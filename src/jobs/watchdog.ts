/** Ends a job that has stopped moving although Kafka answers, so that a supervisor starts it anew. */
import { DepthlineError } from '../errors.js'
import type { Clock, OrderSource } from './ports.js'

const LOOK_MS = 5_000
/** So many looks: adapters replace what hangs within 10 to 30 s; what lasts a minute they have not noticed. */
const LIMIT = 12

export interface Movement {
  /** Changes with every record that is applied. */
  readonly applied: number
  /** True while applying waits on purpose. */
  readonly isHeld: boolean
  /** True while records are missing that were committed, and so must come. */
  readonly isBehind: boolean
  /** Changes with every commit; undefined while there is nothing to commit. */
  readonly commits: number | undefined
}

/**
 * Looks every 5 s. Time counts only while Kafka answers: a broker that is away is waited for.
 *
 * @throws DepthlineError STALLED where nothing was read for 60 s though there is lag, or nothing
 * committed for 60 s
 */
export async function watchMovement(
  source: Pick<OrderSource, 'topic' | 'lag'>,
  clock: Clock,
  look: () => Movement,
  signal: AbortSignal,
): Promise<void> {
  let before = look()
  // Looks are counted, not seconds: a machine that slept has done nothing wrong.
  let unread = 0
  let uncommitted = 0
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    const lag = await source.lag().catch(() => undefined)
    const now = look()
    // A log that ends below what is committed has no lag, and will never be caught up with.
    const isIdle = !now.isBehind && (now.isHeld || lag === 0)
    const isRead = lag === undefined || isIdle || now.applied !== before.applied
    const isCommitted =
      lag === undefined || now.commits === undefined || now.commits !== before.commits
    before = now
    unread = isRead ? 0 : unread + 1
    uncommitted = isCommitted ? 0 : uncommitted + 1
    if (unread === LIMIT) throw stalled(`nothing was read of ${source.topic}, ${lag} behind,`)
    if (uncommitted === LIMIT) throw stalled('nothing was committed')
  }
}

function stalled(what: string): DepthlineError {
  const message = `${what} for ${(LIMIT * LOOK_MS) / 1000} s although Kafka answers: start the process again`
  return new DepthlineError('STALLED', message)
}
