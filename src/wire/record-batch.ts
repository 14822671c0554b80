/** Records of one partition, side by side, so that reading them makes no object for each. */
import type { InputRecord } from './records.js'

/** Records of one partition in offset order; each is known by its place, from 0. */
export interface RecordBatch {
  readonly partition: number
  readonly length: number
  offsetAt(index: number): number
  /** The bytes that the record's value lies in; null for a tombstone. */
  bytesAt(index: number): Uint8Array | null
  /** Where its value begins in them. */
  startAt(index: number): number
  /** Where it ends. */
  endAt(index: number): number
  /** The record by itself: for what is rare, as it costs an object. */
  recordAt(index: number): InputRecord
}

/** A batch as a Kafka client gives it: a list of records, each with its own bytes. */
export class RecordList implements RecordBatch {
  readonly partition: number
  readonly length: number
  readonly records: readonly InputRecord[]
  readonly #first: number
  readonly #isDense: boolean

  /** @param records in offset order, at least one */
  constructor(partition: number, records: readonly InputRecord[]) {
    this.partition = partition
    this.records = records
    this.length = records.length
    this.#first = Number(records[0]!.offset)
    // Offsets rise, so without a gap they need not be read from their text one by one.
    this.#isDense = Number(records.at(-1)!.offset) - this.#first === records.length - 1
  }

  offsetAt(index: number): number {
    return this.#isDense ? this.#first + index : Number(this.records[index]!.offset)
  }

  bytesAt(index: number): Uint8Array | null {
    return this.records[index]!.value
  }

  startAt(): number {
    return 0
  }

  endAt(index: number): number {
    return this.records[index]!.value?.length ?? 0
  }

  recordAt(index: number): InputRecord {
    const record = this.records[index]!
    return { ...record, key: copyOf(record.key), value: copyOf(record.value) }
  }
}

/** What is kept of a record as it came would keep the whole megabyte of its fetch. */
function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes)
}
