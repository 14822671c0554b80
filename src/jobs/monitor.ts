/** What the jobs tell of themselves to whoever watches: a few calls a second; counts that they keep anyway are read when asked for. */
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import type { AnalysedRound } from './exchange-ports.js'
import type { RecordCounts } from './order-processor.js'

export interface CommitMonitor {
  /** One was done, and took so long. */
  committed(durationMs: number): void
  /** One failed, and whether it was done is to be found out. */
  inDoubt(): void
}

export interface RunMonitor extends CommitMonitor {
  /** There are books now: `read` may be called at any moment from here on. */
  begun(read: () => RunReading): void
  /** A tick is committed, so long after its second began. */
  ticked(latenessMs: number): void
}

/** Counts are this process's own, from when it had caught up: what it replayed before was counted by another. */
export interface RunReading {
  readonly role: Role
  readonly records: RecordCounts
  readonly ticks: number
  readonly missed: number
  readonly deadLetters: number
  readonly openOrders: number
  readonly waitingCloses: number
  readonly symbols: number
  readonly levels: { readonly bids: number; readonly asks: number }
  /** Symbols whose best bid is at or above their best ask, at the last tick. */
  readonly crossed: number
  /** The newest that is published, whoever did, and how long ago that was seen; undefined where none is known. */
  readonly lastTick: SeenTick | undefined
  readonly snapshots: {
    readonly taken: number
    readonly failures: number
    readonly last: TakenSnapshot | undefined
  }
}

export type Role = 'starting' | 'standby' | 'leader' | 'shard'

export interface SeenTick {
  /** Epoch second. */
  readonly tick: number
  readonly agoMs: number
}

/** A snapshot that is kept. */
export interface TakenSnapshot {
  /** Epoch second of the tick that it was taken at. */
  readonly tick: number
  readonly durationMs: number
  readonly bytes: number
}

export interface PollMonitor extends CommitMonitor {
  /** The job is taken over: `read` may be called at any moment from here on. */
  begun(read: () => PollReading): void
  /** These are in the topic. */
  written(records: readonly ExchangePoll[]): void
}

export interface PollReading {
  /** The last complete round; null where there is none. */
  readonly complete: EpochMs | null
  /** How long ago that round began. */
  readonly agoMs: number
  /** Rounds that wait for Kafka or for their answers. */
  readonly waiting: number
}

export interface AnalyseMonitor extends CommitMonitor {
  /** A round is in the lake and published, so long after its last record was read. */
  analysed(round: AnalysedRound, durationMs: number): void
  /** So many dead letters are published. */
  rejected(deadLetters: number): void
}
