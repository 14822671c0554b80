/** Applies batches of the input in slices, keeps every partition's position, gathers dead letters. */
import { deadLetterOf } from '../wire/dead-letter.js'
import { recordHash } from '../wire/progress.js'
import type { DeadLetter, InputRecord, Offsets, RecordBatch } from '../wire/records.js'
import { DeadLetterBuffer } from './dead-letter-buffer.js'
import { lostLog } from './lost-log.js'
import type { OrderProcessor } from './order-processor.js'
import type { Clock, OrderSource } from './ports.js'

/** So many records take about a millisecond; after each slice the ticker may go first. */
const SLICE = 1_000

export interface IntakeStart {
  /** The books hold exactly what lies below. */
  readonly offsets: Offsets
  /** The hash of the last record below each offset; '' where it is not known. */
  readonly lastRecords: readonly string[]
}

/** What has come of a partition and waits. */
interface Waiting {
  readonly batches: (readonly InputRecord[])[]
  /** How far the first batch is done. */
  next: number
  /** True while somebody works on it. */
  isBusy: boolean
}

export class OrderIntake {
  /** The book equals exactly the input below these offsets. */
  readonly offsets: number[]
  /** Records rejected that no earlier process had rejected. */
  rejected = 0
  /** Called when the dead letters that wait are too many to go on. */
  onSurplus: () => void = () => {}
  readonly #processor: OrderProcessor
  readonly #clock: Clock
  readonly #source: Pick<OrderSource, 'topic' | 'pause' | 'resume'>
  /** Records from here on wait; dead letters below were published by an earlier process. */
  #limit: Offsets
  /** By partition, the last record applied, or its hash where another process applied it. */
  readonly #last: (InputRecord | string)[]
  readonly #waiting: Waiting[]
  readonly #deadLetters = new DeadLetterBuffer()
  #resume: (() => void)[] = []
  #whenReached: (() => void)[] = []
  #isOpen = false
  #isStopped = false

  /** Begins with a limit at the start: nothing is applied before {@link limitTo} or {@link open}. */
  constructor(
    processor: OrderProcessor,
    clock: Clock,
    source: Pick<OrderSource, 'topic' | 'pause' | 'resume'>,
    { offsets, lastRecords }: IntakeStart,
  ) {
    this.#processor = processor
    this.#clock = clock
    this.#source = source
    this.offsets = [...offsets]
    this.#limit = offsets
    this.#last = offsets.map((_, partition) => lastRecords[partition] ?? '')
    this.#waiting = offsets.map(() => ({ batches: [], next: 0, isBusy: false }))
  }

  get isFull(): boolean {
    return this.#deadLetters.isFull
  }

  /** True while applying waits for something other than records: a new limit, or dead letters to be published. */
  get isHeld(): boolean {
    const isWaiting = this.#waiting.some(({ batches }) => batches.length > 0)
    return isWaiting && (!this.#isOpen || this.isFull)
  }

  /** True while records below the limit are missing. */
  get isBehind(): boolean {
    return !this.#isOpen && !this.#isAtLimit()
  }

  /** For each partition the hash of the last record below its offset. */
  get lastRecords(): string[] {
    return this.#last.map(hashOf)
  }

  /** Goes on to exactly these offsets; resolves when each partition is there. */
  async limitTo(offsets: Offsets): Promise<void> {
    this.#limit = this.offsets.map((offset, partition) => offsets[partition] ?? offset)
    const reached = new Promise<void>((resolve) => this.#whenReached.push(resolve))
    this.#noteReached()
    // What fails in the work on what waited fails here.
    await Promise.all([this.#workOnAll(), reached])
  }

  /**
   * Goes on without a limit, and gathers what is rejected from here on.
   *
   * @returns when what has waited is applied
   */
  async open(): Promise<void> {
    this.#isOpen = true
    await this.#workOnAll()
  }

  /**
   * Applies a batch, or as much of it as lies below the limit, and keeps the rest. Records
   * below the partition's position were applied before and are passed over.
   */
  async apply({ partition, records }: RecordBatch): Promise<void> {
    this.#waiting[partition]!.batches.push(records)
    await this.#work(partition)
  }

  async #workOnAll(): Promise<void> {
    await Promise.all(this.#waiting.map((_, partition) => this.#work(partition)))
  }

  /** Applies what waits of a partition, in order, up to the limit. */
  async #work(partition: number): Promise<void> {
    const waiting = this.#waiting[partition]!
    if (waiting.isBusy || waiting.batches.length === 0) return
    waiting.isBusy = true
    try {
      while (waiting.batches.length > 0 && !this.#isStopped) {
        if (await this.#applySlice(waiting, partition)) continue
        this.#source.pause(partition)
        return
      }
      this.#source.resume(partition)
    } finally {
      waiting.isBusy = false
    }
  }

  /** Applies the next records of the first batch; false where the limit comes first. */
  async #applySlice(waiting: Waiting, partition: number): Promise<boolean> {
    const records = waiting.batches[0]!
    const end = Math.min(waiting.next + SLICE, records.length)
    for (; waiting.next < end; waiting.next++) {
      const record = records[waiting.next]!
      const offset = Number(record.offset)
      if (offset < this.offsets[partition]!) {
        this.#assertSame(record, offset, partition)
        continue
      }
      if (!this.#isOpen && offset >= this.#limit[partition]!) {
        this.#assertNoGap(offset, partition)
        return false
      }
      while (this.isFull && !this.#isStopped) await this.#pause()
      if (this.#isStopped) return true
      this.#applyRecord(record, offset, partition)
    }
    if (waiting.next === records.length) {
      waiting.batches.shift()
      waiting.next = 0
    }
    await this.#clock.yield()
    return true
  }

  /** Hands over the dead letters gathered so far; {@link settle} must follow. */
  takeDeadLetters(): DeadLetter[] {
    return this.#deadLetters.take()
  }

  /** Says what became of the dead letters taken last: where they are published, applying may go on. */
  settle(letters: DeadLetter[], isPublished: boolean): void {
    if (!isPublished) {
      this.#deadLetters.putBack(letters)
      return
    }
    this.#deadLetters.release(letters)
    this.#resumeAll()
  }

  /** Ends the applying, also of batches that wait. */
  stop(): void {
    this.#isStopped = true
    this.#resumeAll()
  }

  /** Reading goes on at the last record after a break, so a log made anew does not go unnoticed. */
  #assertSame(record: InputRecord, offset: number, partition: number): void {
    if (offset !== this.offsets[partition]! - 1) return
    const known = hashOf(this.#last[partition]!)
    if (known === '' || known === recordHash(record)) return
    const place = `${this.#source.topic}[${partition}]`
    throw lostLog(`${place} holds another record at offset ${offset} than it did`)
  }

  /** The last record below the limit was applied once, so it must be there again. */
  #assertNoGap(offset: number, partition: number): void {
    const limit = this.#limit[partition]!
    if (this.offsets[partition]! >= limit) return
    const place = `${this.#source.topic}[${partition}]`
    throw lostLog(
      `${place} goes on at offset ${offset} after ${this.offsets[partition]! - 1}, and ${limit - 1} was read before (is the topic compacted?)`,
    )
  }

  #applyRecord(record: InputRecord, offset: number, partition: number): void {
    const { value } = record
    if (value === null) {
      this.#processor.skipTombstone()
    } else {
      const reason = this.#processor.accept(value, 0, value.length, partition)
      if (reason !== undefined && this.#isOpen) {
        this.rejected++
        const { detail } = this.#processor
        const { topic } = this.#source
        const place = { topic, partition, offset: record.offset, timestamp: record.timestamp }
        const letter = deadLetterOf({ ...place, key: record.key, value, reason, detail })
        this.#deadLetters.add(letter)
      }
    }
    this.offsets[partition] = offset + 1
    this.#last[partition] = record
    if (this.#whenReached.length > 0) this.#noteReached()
  }

  #noteReached(): void {
    if (!this.#isAtLimit()) return
    const reached = this.#whenReached
    this.#whenReached = []
    for (const resolve of reached) resolve()
  }

  #isAtLimit(): boolean {
    return this.offsets.every((offset, partition) => offset >= this.#limit[partition]!)
  }

  #pause(): Promise<void> {
    this.onSurplus()
    return new Promise((resolve) => this.#resume.push(resolve))
  }

  #resumeAll(): void {
    const resume = this.#resume
    this.#resume = []
    for (const go of resume) go()
  }
}

function hashOf(last: InputRecord | string): string {
  return typeof last === 'string' ? last : recordHash(last)
}
