/** The records that pass between Kafka and the jobs, as plain data. */

type HeaderValue = Uint8Array | string

/** By name, which may come several times. */
export type RecordHeaders = Readonly<Record<string, HeaderValue | HeaderValue[] | undefined>>

/** A record as it lies in the log. */
export interface InputRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Decimal text, as Kafka clients give it. */
  readonly offset: string
  /** Milliseconds since 1970, decimal text. */
  readonly timestamp: string
  /** Absent where whoever reads it has no use for them. */
  readonly headers?: RecordHeaders
}

export interface LogRecord extends InputRecord {
  readonly headers: Readonly<Record<string, string>>
}

/** What comes next in a partition. */
export interface LogPiece {
  /** In offset order; may be none where only gaps were passed. */
  readonly records: readonly LogRecord[]
  /** The offset that reading goes on at. */
  readonly position: number
}

/** For each partition by number, the offset of the record that comes next. */
export type Offsets = readonly number[]

/** The offsets that a partition holds: its first record that is kept, and the one after its last. */
export interface PartitionRange {
  readonly low: number
  readonly high: number
}

/** A rejected record, on its way to the dead-letter topic. */
export interface DeadLetter {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

export interface Tick {
  /** Epoch second; the record's timestamp is this × 1000. */
  readonly tick: number
  /** JSON text in UTF-8; null where the books are too large for a message and lie elsewhere. */
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** One symbol's part of a tick message, an array by itself; null where its book is empty. */
export interface SymbolLadder {
  readonly symbol: string
  /** JSON text in UTF-8. */
  readonly value: Uint8Array | null
}
