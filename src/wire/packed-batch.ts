/** A batch in a few flat arrays, which pass between threads without a copy. */
import { type RecordBatch, RecordList } from './record-batch.js'
import type { InputRecord } from './records.js'

/** What {@link pack} makes: plain data that a message between threads can carry. */
export interface PackedRecords {
  readonly partition: number
  /** By record, in offset order. */
  readonly offsets: Float64Array
  /** By record, milliseconds since 1970. */
  readonly timestamps: Float64Array
  /** All keys and values, with whatever lay between them. */
  readonly bytes: Uint8Array
  /** Where the key (2 × place) and value (2 × place + 1) of each record begin; -1 for null. */
  readonly starts: Int32Array
  /** Where they end. */
  readonly ends: Int32Array
}

/** Bytes of one source that fields from `first` on lie in; they are copied at one go. */
interface Run {
  readonly source: ArrayBufferLike
  readonly first: number
  low: number
  high: number
}

/** What KafkaJS 2.2.4 leaves in each record, one object for all of a record batch. */
interface Decoded {
  readonly batchContext?: object
}

/**
 * Copies records out of whatever they lie in; a fetch is one block, so that is one copy for most.
 *
 * KafkaJS cuts all keys and values of a record batch out of one buffer. To ask each for it is
 * a third of what packing costs, so those with the same context are not asked again.
 */
export function pack(
  partition: number,
  records: readonly (InputRecord & Decoded)[],
): PackedRecords {
  const starts = new Int32Array(records.length * 2).fill(-1)
  const ends = new Int32Array(records.length * 2).fill(-1)
  const offsets = new Float64Array(records.length)
  const timestamps = new Float64Array(records.length)
  const runs: Run[] = []
  let run: Run | undefined
  let known: object | undefined
  const list = new RecordList(partition, records)
  let text = ''
  let time = 0
  for (let index = 0; index < records.length; index++) {
    const { key, value, timestamp, batchContext } = records[index]!
    offsets[index] = list.offsetAt(index)
    // Many records of one millisecond follow each other, and reading a number costs more than this.
    if (timestamp !== text) {
      text = timestamp
      time = Number(text)
    }
    timestamps[index] = time
    for (let field = index * 2; field < index * 2 + 2; field++) {
      const bytes = field === index * 2 ? key : value
      if (bytes === null) continue
      const low = bytes.byteOffset
      const high = low + bytes.length
      if (run === undefined || batchContext === undefined || batchContext !== known) {
        if (run === undefined || run.source !== bytes.buffer) {
          run = { source: bytes.buffer, first: field, low, high }
          runs.push(run)
        }
        known = batchContext
      }
      if (low < run.low) run.low = low
      if (high > run.high) run.high = high
      starts[field] = low
      ends[field] = high
    }
  }
  return { partition, offsets, timestamps, bytes: copyRuns(runs, starts, ends), starts, ends }
}

/** Puts the runs behind one another, and moves the places along. */
function copyRuns(runs: readonly Run[], starts: Int32Array, ends: Int32Array): Uint8Array {
  const bytes = new Uint8Array(runs.reduce((sum, { low, high }) => sum + high - low, 0))
  let at = 0
  for (const [number, { source, first, low, high }] of runs.entries()) {
    bytes.set(new Uint8Array(source, low, high - low), at)
    const end = runs[number + 1]?.first ?? starts.length
    for (let field = first; field < end; field++) {
      if (starts[field] === -1) continue
      starts[field]! += at - low
      ends[field]! += at - low
    }
    at += high - low
  }
  return bytes
}

/** The memory that a message may hand over instead of copying it. */
export function buffersOf(packed: PackedRecords): ArrayBuffer[] {
  const { offsets, timestamps, bytes, starts, ends } = packed
  return [offsets, timestamps, bytes, starts, ends].map(({ buffer }) => buffer as ArrayBuffer)
}

export class PackedBatch implements RecordBatch {
  readonly partition: number
  readonly length: number
  readonly #packed: PackedRecords

  constructor(packed: PackedRecords) {
    this.partition = packed.partition
    this.length = packed.offsets.length
    this.#packed = packed
  }

  offsetAt(index: number): number {
    return this.#packed.offsets[index]!
  }

  bytesAt(index: number): Uint8Array | null {
    return this.#packed.starts[index * 2 + 1] === -1 ? null : this.#packed.bytes
  }

  startAt(index: number): number {
    return this.#packed.starts[index * 2 + 1]!
  }

  endAt(index: number): number {
    return this.#packed.ends[index * 2 + 1]!
  }

  recordAt(index: number): InputRecord {
    const { offsets, timestamps } = this.#packed
    return {
      key: this.#field(index * 2),
      value: this.#field(index * 2 + 1),
      offset: String(offsets[index]),
      timestamp: String(timestamps[index]),
    }
  }

  /** A copy, because what is kept of a batch would keep all of it. */
  #field(field: number): Uint8Array | null {
    const { starts, ends, bytes } = this.#packed
    return starts[field] === -1 ? null : bytes.slice(starts[field], ends[field])
  }
}
