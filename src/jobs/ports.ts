/** What the jobs need of the world; the adapters give it, and tests give it otherwise. */
import type { LevelRecord, ShardMark } from '../wire/level-record.js'
import type { Ownership, Progress } from '../wire/progress.js'
import type { RecordBatch } from '../wire/record-batch.js'
import type {
  DeadLetter,
  LogPiece,
  Offsets,
  PartitionRange,
  RecordHeaders,
  SymbolLadder,
  Tick,
} from '../wire/records.js'

export interface Clock {
  /** Milliseconds since 1970 in UTC; may step forward or back. */
  now(): number
  /** Milliseconds that only ever go forward. */
  monotonic(): number
  /** Resolves after `ms`, a millisecond early at worst, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Lets whatever else is due run first. */
  yield(): Promise<void>
}

/** The part of a pino logger that the jobs use. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The input log. */
export interface OrderSource {
  readonly topic: string
  /** What each partition holds by now. */
  ranges(): Promise<readonly PartitionRange[]>
  /**
   * Starts reading at `from` and hands over the batches, those of one partition one after
   * another. After a break a partition goes on at the last record that it handed over, so
   * that the job can tell whether it is still the same log. Rejects only where it can never
   * go on.
   */
  consume(from: Offsets, handle: (batch: RecordBatch) => Promise<void>): Promise<void>
  /**
   * Asks for no more of a partition until {@link resume}; what is on its way may still come.
   * A batch that is held up instead may hold up all partitions.
   */
  pause(partition: number): void
  resume(partition: number): void
  /** How many records, of whatever kind, lie between the end of reading and the end of the log. */
  lag(): Promise<number>
  /** Ends {@link consume}. */
  stop(): Promise<void>
}

/** The topics that a job writes, in transactions under the job's one id. */
export interface TransactionLog<P extends Ownership, W> {
  /**
   * Makes this process the only one that can write: every other one's producer fails from
   * now on, and what it left open is over, whichever way it went.
   */
  fence(): Promise<Transactor<P, W>>
  /** What was committed last, by whichever process; undefined where the job is new. */
  readProgress(): Promise<P | undefined>
}

/** The right to write; lost at the next {@link TransactionLog.fence} of anybody. */
export interface Transactor<P extends Ownership, W> {
  /**
   * Writes all of it or nothing, in one transaction. Never called twice at a time, nor after
   * it failed.
   *
   * @param isTooLate asked last, right before the commit; where it says so nothing is written
   * @returns false where it was too late
   * @throws whatever went wrong; whether it was written is not known then, unless it is a
   * DepthlineError that is not retriable
   */
  commit(writes: W & { readonly progress: P }, isTooLate: () => boolean): Promise<boolean>
  /** Lets go of it; never fails. */
  discard(): Promise<void>
}

/** What `run` publishes at a time. */
export interface BookOutput {
  readonly tick?: Tick
  /** Of the tick. */
  readonly ladders?: readonly SymbolLadder[]
  readonly deadLetters: readonly DeadLetter[]
}

export type BookWrites = BookOutput & { readonly progress: Progress }
export type BookTransactor = Transactor<Progress, BookOutput>

export interface BookLog extends TransactionLog<Progress, BookOutput> {
  /** Hands over each progress record that is committed from now on, until `signal` aborts. */
  followProgress(handle: (progress: Progress) => void, signal: AbortSignal): Promise<void>
}

/** What a shard publishes at a time. */
export interface ShardOutput {
  /** Of the levels topic. */
  readonly levels: readonly LevelRecord[]
  /** Goes behind the levels, signed; undefined where the shard has not moved. */
  readonly mark: ShardMark | undefined
  readonly deadLetters: readonly DeadLetter[]
}

export interface ShardLog extends TransactionLog<Progress, ShardOutput> {
  /** What one process with all partitions, or the merger, has committed; undefined where there was none. */
  readJobProgress(): Promise<Progress | undefined>
  /**
   * Compares the newest mark with what is committed of this shard; right after fencing.
   *
   * @throws DepthlineError LOG_LOST where they do not belong together: levels are missing then
   */
  assertLevels(own: Progress): Promise<void>
}

/** The processes that share the partitions of the input. */
export interface ShardGroup {
  /**
   * Takes part until `signal` aborts, and then leaves, so that others take over at once.
   *
   * @param assign called with this process's partitions each time that they may have changed
   */
  join(assign: (partitions: readonly number[]) => void, signal: AbortSignal): Promise<void>
}

/** The newest ladder of each symbol; written with the tick. */
export interface LadderTopic {
  readonly topic: string
  /** The symbols that have a ladder there by now; cut short where `signal` aborts. */
  symbols(signal: AbortSignal): Promise<Iterable<string>>
}

/** A record on its way to the topic that is keyed by order_id. */
export interface RekeyedRecord {
  readonly key: string | Uint8Array | null
  /** Of the input; where there is no key, the record keeps to one partition by it. */
  readonly partition: number
  readonly value: Uint8Array | null
  /** Milliseconds since 1970, decimal text. */
  readonly timestamp: string
  readonly headers: RecordHeaders
}

/** What `--rekey` publishes at a time. */
export interface RekeyOutput {
  readonly records: readonly RekeyedRecord[]
}

/** A topic that each of its partitions can be read of at a pace of its own. */
export interface LogReader {
  readonly topic: string
  /** For each partition, where reading begins: at the first offset that is kept, or later. */
  readonly starts: Offsets
  /** For each partition, the offset after its last record by now. */
  ends(): Promise<Offsets>
  /** Waits for what comes next in a partition; undefined once it is stopped. */
  next(partition: number): Promise<LogPiece | undefined>
  stop(): Promise<void>
}

/** Where snapshots are kept: two generations of them. */
export interface SnapshotStore {
  /** For messages: a folder or a topic. */
  readonly name: string
  /** What is there, newest first. */
  list(): Promise<readonly StoredSnapshot[]>
  /** Begins one that nobody sees before it is published. */
  create(): Promise<SnapshotDraft>
}

export interface StoredSnapshot {
  /** Epoch second of the tick that it was taken at. */
  readonly tick: number
  /** For messages. */
  readonly name: string
  /** Its bytes in pieces of any length; may be called more than once. */
  read(): AsyncIterable<Uint8Array>
}

export interface SnapshotDraft {
  write(bytes: Uint8Array): Promise<void>
  /** Makes it durable and visible as the newest; all but the two newest go. */
  publish(tick: number): Promise<void>
  /** Takes it away; never fails. */
  discard(): Promise<void>
}
