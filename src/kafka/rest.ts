/** A pause after a fetch that brought little, so that the next one brings more. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * At 10,000 events a second a fetch would come back for every hundred of them, and each costs more
 * than applying them does.
 */
const REST_MS = 40
/** With as many records to a batch, one fetch more costs little. */
const SMALL_BATCH = 500
/** Ticks are made on the UTC second: what came before it is fetched before it. */
const BEFORE_TICK_MS = 25

/**
 * So long may reading rest after a batch.
 *
 * @param nowMs milliseconds since 1970
 */
export function restMs(records: number, nowMs: number): number {
  if (records >= SMALL_BATCH) return 0
  return Math.max(0, Math.min(REST_MS, 1000 - (nowMs % 1000) - BEFORE_TICK_MS))
}

export async function restAfter(records: number): Promise<void> {
  const ms = restMs(records, Date.now())
  if (ms > 0) await sleep(ms)
}
