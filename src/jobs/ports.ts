/** What the jobs need of the world; the adapters give it, and tests give it otherwise. */
import type { DeadLetter, LastTick, RecordBatch, Tick } from '../wire/records.js'

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
  readonly partitions: number
  /**
   * Starts reading from offset 0 of every partition and hands over each batch once,
   * those of one partition one after another. Rejects only where it can never go on.
   */
  consume(handle: (batch: RecordBatch) => Promise<void>): Promise<void>
  /** Ends {@link consume}. */
  stop(): Promise<void>
}

export interface TickSink {
  /** The job's last published tick; undefined where there is none yet. */
  recover(): Promise<LastTick | undefined>
  /**
   * Publishes the dead letters and then, where there is one, the tick; rejects with a
   * retriable DepthlineError where it is not known to be done. Never called twice at a time.
   */
  commit(commit: { tick?: Tick; deadLetters: readonly DeadLetter[] }): Promise<void>
  close(): Promise<void>
}
