/** What the jobs need of the world; the adapters give it, and tests give it otherwise. */
import type { Progress } from '../wire/progress.js'
import type { Commit, LogPiece, Offsets, RecordBatch } from '../wire/records.js'

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

export interface OrderSource {
  readonly topic: string
  /** How many partitions the topic has. */
  readonly partitions: number
  /** For each partition, the offset after its last record by now. */
  ends(): Promise<Offsets>
  /**
   * Starts reading from offset 0 of every partition and hands over each batch once,
   * those of one partition one after another. Rejects only where it can never go on.
   */
  consume(handle: (batch: RecordBatch) => Promise<void>): Promise<void>
  /** Ends {@link consume}. */
  stop(): Promise<void>
}

export interface TickSink {
  /** Makes this process the job's only publisher; gives what was committed last, if anything was. */
  takeOver(): Promise<Progress | undefined>
  /**
   * Publishes all of it or nothing, and waits while Kafka is away; false where nothing was
   * published. Never called twice at a time. Rejects where the process has to end.
   */
  commit(commit: Commit): Promise<boolean>
  /** Gives up: a commit that waits ends with false. */
  close(): Promise<void>
}

/** A topic that each of its partitions can be read of at a pace of its own. */
export interface LogReader {
  readonly topic: string
  /** For each partition, the first offset that is kept: reading begins there. */
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
