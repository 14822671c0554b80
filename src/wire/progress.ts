/** The progress record: what a job has committed, and which process owns it. */
import type { Offsets } from './records.js'

export interface Progress {
  /** The last committed tick; undefined before the first. */
  readonly tick: number | undefined
  /** Everything below these input offsets is in the ticks and dead letters committed so far. */
  readonly offsets: Offsets
  /** Records rejected since that tick whose dead letters are committed already. */
  readonly rejected: number
  /** The process that committed it. */
  readonly owner: string
  /** Counts the job's commits, so that a process can tell whether its own was the last. */
  readonly sequence: number
  /** Of depthline. */
  readonly version: string
}

export function writeProgress({ tick = null, offsets, ...rest }: WritableProgress): string {
  return JSON.stringify({ tick, offsets: Object.fromEntries(offsets.entries()), ...rest })
}

/** Undefined where the text is no progress record. */
export function readProgress(text: string): Progress | undefined {
  try {
    const { tick, offsets, rejected, owner, sequence, version } = JSON.parse(text)
    const isRight =
      (tick === null || Number.isSafeInteger(tick)) &&
      Number.isSafeInteger(sequence) &&
      Number.isSafeInteger(rejected) &&
      typeof owner === 'string' &&
      typeof version === 'string' &&
      typeof offsets === 'object'
    if (!isRight) return undefined
    const byPartition = Object.keys(offsets).map((_, partition) => offsets[partition])
    if (!byPartition.every((offset) => Number.isSafeInteger(offset))) return undefined
    return { tick: tick ?? undefined, offsets: byPartition, rejected, owner, sequence, version }
  } catch {
    return undefined
  }
}

type WritableProgress = Omit<Progress, 'tick'> & { readonly tick?: number | null | undefined }
