/** The progress record: what a job has committed, and which process owns it. */
import { createHash } from 'node:crypto'
import type { InputRecord, Offsets } from './records.js'
import type { Steps } from './steps.js'

/** What every job's progress record says besides where the job has come to. */
export interface Ownership {
  /** The process that committed it. */
  readonly owner: string
  /** Made when the job began; a snapshot of another lineage belongs to another job of this name. */
  readonly lineage: string
  /** Counts the job's commits, so that a process can tell whether its own was the last. */
  readonly sequence: number
  /** Of depthline. */
  readonly version: string
}

/** Of `run`. */
export interface Progress extends Ownership {
  /** The last committed tick; undefined before the first. */
  readonly tick: number | undefined
  /** Everything below these input offsets is in the ticks and dead letters committed so far. */
  readonly offsets: Offsets
  /** For each partition the {@link recordHash} of the last record below its offset; '' where there is none. */
  readonly lastRecords: readonly string[]
  /** The {@link stateHash} at these offsets; '' where it was not taken. */
  readonly stateHash: string
  /** True where the books lack orders that the input no longer held when the job began. */
  readonly isIncomplete: boolean
  /** Records rejected since that tick whose dead letters are committed already. */
  readonly rejected: number
  /** Records rejected below the offsets since the start of the log; undefined where an older version wrote it. */
  readonly rejectedInAll?: number | undefined
}

export function writeProgress(progress: Progress): string {
  const { tick = null, offsets, lastRecords, ...rest } = progress
  return JSON.stringify({
    tick,
    offsets: Object.fromEntries(offsets.entries()),
    lastRecords: Object.fromEntries(lastRecords.entries()),
    ...rest,
  })
}

/** Undefined where the text is no progress record. */
export function readProgress(text: string): Progress | undefined {
  try {
    const { tick, offsets, lastRecords, ...rest } = JSON.parse(text)
    const progress = {
      ...rest,
      tick: tick ?? undefined,
      offsets: byPartition(offsets),
      lastRecords: byPartition(lastRecords),
    }
    return isProgress(progress) ? progress : undefined
  } catch {
    return undefined
  }
}

function isProgress(value: Record<keyof Progress, unknown>): boolean {
  const { tick, offsets, lastRecords, stateHash, isIncomplete, rejected, sequence } = value
  const { rejectedInAll = 0 } = value
  const texts = [stateHash, value.owner, value.lineage, value.version, ...(lastRecords as string[])]
  return (
    (tick === undefined || Number.isSafeInteger(tick)) &&
    [rejected, rejectedInAll, sequence, ...(offsets as number[])].every((number) =>
      Number.isSafeInteger(number),
    ) &&
    texts.every((text) => typeof text === 'string') &&
    typeof isIncomplete === 'boolean'
  )
}

function byPartition(values: Record<string, unknown>): unknown[] {
  return Object.keys(values).map((_, partition) => values[partition])
}

/** 64 bits are enough to tell one log, or one book, from another by accident. */
const HASH_DIGITS = 16
/** Hashed in some milliseconds. */
const STEP_BYTES = 2 * 1024 * 1024

/** A record's identity: SHA-256 over its timestamp, key and value, the first 16 hex digits. */
export function recordHash({ key, value, timestamp }: InputRecord): string {
  const hash = createHash('sha256').update(`${timestamp} ${key?.length} ${value?.length}\n`)
  if (key !== null) hash.update(key)
  if (value !== null) hash.update(value)
  return hash.digest('hex').slice(0, HASH_DIGITS)
}

/**
 * The books' identity at some offsets: the first 16 hex digits of SHA-256 over the tick message
 * and the numbers of open orders and waiting closes. Behind the levels of the message, because
 * with other levels the hashes of the same books differ.
 */
export function* stateHash(state: {
  message: Uint8Array
  levels: number
  openOrders: number
  waitingCloses: number
}): Steps<string> {
  const { message, levels, openOrders, waitingCloses } = state
  const hash = createHash('sha256').update(`${openOrders} ${waitingCloses}\n`)
  for (let at = 0; at < message.length; at += STEP_BYTES) {
    if (at > 0) yield
    hash.update(message.subarray(at, at + STEP_BYTES))
  }
  return `${levels}:${hash.digest('hex').slice(0, HASH_DIGITS)}`
}

/** False only where both hashes are known and were taken in the same way. */
export function mayBeSameState(one: string, other: string): boolean {
  return one === '' || other === '' || levelsOf(one) !== levelsOf(other) || one === other
}

/** The levels of the message that a {@link stateHash} was taken of. */
export function levelsOf(hash: string): string {
  return hash.slice(0, hash.indexOf(':'))
}
