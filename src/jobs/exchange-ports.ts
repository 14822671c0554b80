/** What poll and analyse need of the world besides what every job needs. */
import type {
  EpochMs,
  ExchangeDepth,
  ExchangePoll,
  MarketAnalytics,
} from '../wire/exchange-records.js'
import type { DeadLetter } from '../wire/records.js'

/** A record on its way to a topic. */
export interface OutgoingRecord {
  readonly topic: string
  readonly key: string
  readonly value: Uint8Array
  /** Milliseconds since 1970. */
  readonly timestampMs: number
  readonly headers: Readonly<Record<string, string>>
}

/** What `poll` and `analyse` publish at a time. */
export interface RecordOutput {
  readonly records: readonly OutgoingRecord[]
  readonly deadLetters: readonly DeadLetter[]
}

export interface Exchanges {
  /**
   * Asks one exchange for one market's book; never rejects for what the exchange does.
   *
   * @param deadlineMs by the wall clock, milliseconds since 1970: by then it resolves
   * @param onLate called with an answer that comes after that
   * @returns an answer or a failure
   */
  ask(
    request: { exchange: string; market: string; pollAt: EpochMs; deadlineMs: number },
    onLate: (record: ExchangePoll) => void,
  ): Promise<ExchangePoll>
}

/** A round with all that was made of it. */
export interface AnalysedRound {
  readonly pollAt: EpochMs
  /** In the order of the log; the round_complete record is the last. */
  readonly polls: readonly ExchangePoll[]
  readonly depth: readonly ExchangeDepth[]
  readonly analytics: readonly MarketAnalytics[]
}

/** Which process writes: of two with one job and lineage, the higher sequence took over later. */
export interface Writer {
  readonly job: string
  readonly lineage: string
  readonly sequence: number
}

/** Where rounds are kept besides Kafka. */
export interface RoundSink {
  /**
   * Durable when it resolves. The same round may come again, and is kept once.
   *
   * @param writer undefined where no job writes, but a person has history made anew
   */
  write(round: AnalysedRound, writer?: Writer): Promise<void>
}
