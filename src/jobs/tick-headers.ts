/** What a tick message's headers say of it. */
import type { Offsets } from '../wire/records.js'

export interface TickFacts {
  /** Epoch second. */
  readonly tick: number
  /** The books equal exactly the input below. */
  readonly offsets: Offsets
  /** Seconds without a tick before it. */
  readonly missed: number
  /** Records rejected since the last tick. */
  readonly rejected: number
  /** Symbols that are crossed or locked. */
  readonly crossed: readonly string[]
  /** Of depthline. */
  readonly version: string
  /** True where the wall clock is behind the ticks. */
  readonly isHeld: boolean
  /** True where orders are missing that the input no longer held. */
  readonly isIncomplete: boolean
  /** By partition that is not up to date, for how many seconds it has not been. */
  readonly stale?: Readonly<Record<string, number>>
}

export function tickHeaders(facts: TickFacts): Record<string, string> {
  const { tick, offsets, missed, rejected, crossed, version, stale = {} } = facts
  const headers: Record<string, string> = {
    tick: String(tick),
    offsets: JSON.stringify(Object.fromEntries(offsets.entries())),
    missed: String(missed),
    rejected: String(rejected),
    crossed: JSON.stringify(crossed),
    version,
  }
  if (facts.isHeld) headers.clock = 'held'
  if (facts.isIncomplete) headers.incomplete = 'true'
  if (Object.keys(stale).length > 0) headers.stale = JSON.stringify(stale)
  return headers
}
