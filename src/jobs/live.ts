/** Reading the input and working on it, from the start to whatever ends it first. */
import type { RecordBatch } from '../wire/record-batch.js'
import type { OrderIntake } from './order-intake.js'
import type { Clock, OrderSource } from './ports.js'
import { COMMIT_GRACE_MS, graceAfter } from './stopping.js'
import { watchMovement } from './watchdog.js'

interface LivingParts {
  readonly source: OrderSource
  readonly intake: OrderIntake
  readonly clock: Clock
  /** Sees each batch before it is worked on. */
  readonly notice?: (batch: RecordBatch) => void
}

/**
 * Whatever ends first ends them all: the work when told to stop, anything else when it fails.
 *
 * @param job what the work commits by; its commits are undefined while there is nothing to commit
 */
export async function live(
  { source, intake, clock, notice }: LivingParts,
  job: { readonly commits: number | undefined },
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const ending = new AbortController()
  const movement = () => ({
    applied: intake.offsets.reduce((sum, offset) => sum + offset, 0),
    isHeld: intake.isHeld,
    isBehind: intake.isBehind,
    commits: job.commits,
  })
  try {
    await Promise.race([
      source.consume(intake.offsets, (batch) => {
        notice?.(batch)
        return intake.apply(batch)
      }),
      intake.failed,
      work(),
      watchMovement(source, clock, movement, ending.signal),
      graceAfter(signal, clock, COMMIT_GRACE_MS),
    ])
  } finally {
    ending.abort()
    intake.stop()
    await source.stop()
  }
}
