/** `emulate`: events into the input topic at a steady rate, 10 every 100 ms unless told otherwise. */
import type { OrderGenerator } from './order-generator.js'
import type { Clock, Log } from './ports.js'

export interface EmulatedRecord {
  readonly key: string | null
  readonly value: Uint8Array | null
}

export interface EmulatePorts {
  readonly clock: Clock
  readonly log: Log
  /** Resolves once the batch is acknowledged; called with one batch at a time, never an empty one. */
  send(records: readonly EmulatedRecord[]): Promise<void>
}

export interface EmulateOptions {
  readonly batchSize: number
  /** One batch is due every so many milliseconds; 0 sends as fast as the batches are acknowledged. */
  readonly intervalMs: number
  /** Ends after so many records; without it only the source or the signal ends the run. */
  readonly count?: number
  /** Ends the run once the batch that is being sent is acknowledged. */
  readonly signal: AbortSignal
}

type Source = Iterable<EmulatedRecord> | AsyncIterable<EmulatedRecord>

/** So late the broker, the source or this process is too slow for the rate, and somebody should know. */
const LATE_MS = 1000

/**
 * Sends what `source` yields in batches on a grid of the monotonic clock: batch k
 * is due at start + k × interval, so that the rate does not drift. A late batch
 * goes at once and none is skipped, so that the number of records stays exact.
 *
 * Records are taken from the source when their batch is due, not before. The
 * source is closed at the end. Whatever `send` or the source throws is thrown on,
 * except what the source throws once the signal is aborted: a source that can
 * wait for long (standard input) should be torn down by the same signal.
 *
 * @returns how many records were sent
 */
export async function emulate(
  { clock, log, send }: EmulatePorts,
  source: Source,
  options: EmulateOptions,
): Promise<number> {
  const { batchSize, intervalMs, count = Number.POSITIVE_INFINITY, signal } = options
  const records = iterate(source)
  const start = clock.monotonic()
  let sent = 0
  let isLate = false
  try {
    for (let batch = 0; sent < count && !signal.aborted; batch++) {
      const due = start + batch * intervalMs
      await waitUntil(due, clock, signal)
      if (signal.aborted) break
      const behindMs = Math.round(clock.monotonic() - due)
      if (intervalMs > 0 && !isLate && behindMs >= LATE_MS) {
        log.warn({ behindMs, sent }, 'batches are late; they are sent without a pause')
      }
      isLate = behindMs >= LATE_MS
      const wanted = Math.min(batchSize, count - sent)
      const taken = await take(records, wanted, signal)
      if (taken.length > 0) await send(taken)
      sent += taken.length
      if (taken.length < wanted) break
    }
  } finally {
    await records.return?.()
  }
  return sent
}

/** The generator's events for ever, each stamped with the second in which it is taken. */
export function* generatedRecords(
  generator: OrderGenerator,
  clock: Pick<Clock, 'now'>,
): Generator<EmulatedRecord> {
  for (;;) yield generator.next(Math.floor(clock.now() / 1000))
}

async function waitUntil(due: number, clock: Clock, signal: AbortSignal): Promise<void> {
  // A batch that is late does not sleep, and a signal must be heard between two such batches too.
  if (clock.monotonic() >= due) return clock.yield()
  // A sleep may end a millisecond early, and an early batch would be a faster rate.
  for (let wait = due - clock.monotonic(); wait > 0 && !signal.aborted; ) {
    await clock.sleep(wait, signal)
    wait = due - clock.monotonic()
  }
}

function iterate(source: Source): AsyncIterator<EmulatedRecord> | Iterator<EmulatedRecord> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

async function take(
  records: AsyncIterator<EmulatedRecord> | Iterator<EmulatedRecord>,
  wanted: number,
  signal: AbortSignal,
): Promise<EmulatedRecord[]> {
  const taken: EmulatedRecord[] = []
  try {
    while (taken.length < wanted) {
      const next = await records.next()
      if (next.done) break
      taken.push(next.value)
    }
  } catch (error) {
    // A stream that the same signal tore down has ended; it has not failed.
    if (!signal.aborted) throw error
  }
  return taken
}
