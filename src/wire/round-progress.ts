/** The progress records of `poll` and `analyse`: how far each has come with the rounds. */
import type { EpochMs } from './exchange-records.js'
import type { Ownership } from './progress.js'

/** Of `poll`. */
export interface PollProgress extends Ownership {
  /** The last round whose round_complete is written; null before the first. */
  readonly complete: EpochMs | null
  /** The round after it that has some of its records already, by {@link bookKey}. */
  readonly open: { readonly pollAt: EpochMs; readonly written: readonly string[] } | null
}

/** Of `analyse`. */
export interface AnalysisProgress extends Ownership {
  /** Of the record after the last round_complete that was analysed. */
  readonly offset: number
  /** The recordHash of that round_complete; '' before the first. */
  readonly lastRecord: string
  /** The last round that was analysed; null before the first. */
  readonly pollAt: EpochMs | null
  /** By {@link bookKey}, the SHA-256 of the body that the last round's analysis saw. */
  readonly bodies: Readonly<Record<string, string>>
  /** Records from `offset` on that are dead-lettered already. */
  readonly rejected: number
}

/** One exchange's book of one market: the key of its records. */
export function bookKey(exchange: string, market: string): string {
  return `${exchange}/${market}`
}

export const POLL_PROGRESS = textOf<PollProgress>(
  ({ complete, open }) =>
    isTimeOrNull(complete) &&
    (open === null || (isWhole(open.pollAt) && open.written.every(isText))),
)

export const ANALYSIS_PROGRESS = textOf<AnalysisProgress>(
  ({ offset, lastRecord, pollAt, bodies, rejected }) =>
    isWhole(offset) &&
    isText(lastRecord) &&
    isTimeOrNull(pollAt) &&
    isWhole(rejected) &&
    Object.values(bodies).every(isText),
)

function textOf<P extends Ownership>(isRight: (progress: P) => boolean) {
  return {
    write: (progress: P) => JSON.stringify(progress),
    /** Undefined where the text is no progress record. */
    read(text: string): P | undefined {
      try {
        const progress: P = JSON.parse(text)
        const { owner, lineage, sequence, version } = progress
        const isOwned = [owner, lineage, version].every(isText) && isWhole(sequence)
        return isOwned && isRight(progress) ? progress : undefined
      } catch {
        return undefined
      }
    },
  }
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || isWhole(value)
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
