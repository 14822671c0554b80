/** Applies batches of the input in slices, keeps every partition's position, gathers dead letters. */
import { DepthlineError } from '../errors.js'
import { deadLetterOf } from '../wire/dead-letter.js'
import { recordHash } from '../wire/progress.js'
import type { DeadLetter, InputRecord, Offsets, RecordBatch } from '../wire/records.js'
import type { OrderProcessor } from './order-processor.js'
import type { Clock } from './ports.js'

/** So many records take about a millisecond; after each slice the ticker may go first. */
const SLICE = 1_000
/** Applying pauses where so many dead letters, or bytes of them, wait to be published. */
const MAX_DEAD_LETTERS = 10_000
const MAX_DEAD_LETTER_BYTES = 4_000_000
/** What a dead letter takes beside its key and value: headers and bookkeeping. */
const DEAD_LETTER_OVERHEAD = 300

export interface IntakeStart {
  readonly topic: string
  /** The books hold exactly what lies below. */
  readonly offsets: Offsets
  /** The hash of the last record below each offset; '' where it is not known. */
  readonly lastRecords: readonly string[]
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
  readonly #topic: string
  /** Records from here on wait; dead letters below were published by an earlier process. */
  #limit: Offsets
  /** By partition, the last record applied, or its hash where another process applied it. */
  readonly #last: (InputRecord | string)[]
  #deadLetters: DeadLetter[] = []
  #deadLetterBytes = 0
  #resume: (() => void)[] = []
  #whenReached: (() => void)[] = []
  #waiting = 0
  #isOpen = false
  #isStopped = false

  /** Begins with a limit at the start: nothing is applied before {@link limitTo} or {@link open}. */
  constructor(
    processor: OrderProcessor,
    clock: Clock,
    { topic, offsets, lastRecords }: IntakeStart,
  ) {
    this.#processor = processor
    this.#clock = clock
    this.#topic = topic
    this.offsets = [...offsets]
    this.#limit = offsets
    this.#last = offsets.map((_, partition) => lastRecords[partition] ?? '')
  }

  get isFull(): boolean {
    return (
      this.#deadLetters.length >= MAX_DEAD_LETTERS || this.#deadLetterBytes >= MAX_DEAD_LETTER_BYTES
    )
  }

  /** True while applying waits for something other than records. */
  get isHeld(): boolean {
    return this.#waiting > 0
  }

  /** For each partition the hash of the last record below its offset. */
  get lastRecords(): string[] {
    return this.#last.map((last) => (typeof last === 'string' ? last : recordHash(last)))
  }

  /** Goes on to exactly these offsets; resolves when each partition is there. */
  async limitTo(offsets: Offsets): Promise<void> {
    this.#limit = this.offsets.map((offset, partition) => offsets[partition] ?? offset)
    this.#resumeAll()
    if (this.#isAtLimit()) return
    await new Promise<void>((resolve) => this.#whenReached.push(resolve))
  }

  /** Goes on without a limit, and gathers what is rejected from here on. */
  open(): void {
    this.#isOpen = true
    this.#resumeAll()
  }

  /** Applies a batch; records below the partition's position were applied before and are passed over. */
  async apply({ partition, records }: RecordBatch): Promise<void> {
    for (let start = 0; start < records.length; start += SLICE) {
      const end = Math.min(start + SLICE, records.length)
      for (let index = start; index < end; index++) {
        const record = records[index]!
        const offset = Number(record.offset)
        if (offset < this.offsets[partition]!) {
          this.#assertSame(record, offset, partition)
          continue
        }
        if (!this.#isOpen) this.#assertNoGap(offset, partition)
        while (this.#mustWait(offset, partition)) await this.#pause()
        if (this.#isStopped) return
        this.#applyRecord(record, offset, partition)
      }
      await this.#clock.yield()
    }
  }

  /** Hands over the dead letters gathered so far; {@link release} or {@link putBack} must follow. */
  takeDeadLetters(): DeadLetter[] {
    const taken = this.#deadLetters
    this.#deadLetters = []
    return taken
  }

  /** The dead letters taken last are published: applying may go on. */
  release(published: readonly DeadLetter[]): void {
    for (const letter of published) this.#deadLetterBytes -= sizeOf(letter)
    this.#resumeAll()
  }

  /** The dead letters taken last are not known to be published: they wait for the next commit. */
  putBack(letters: DeadLetter[]): void {
    this.#deadLetters = [...letters, ...this.#deadLetters]
  }

  /** Ends the applying, also of batches that wait. */
  stop(): void {
    this.#isStopped = true
    this.#resumeAll()
  }

  #mustWait(offset: number, partition: number): boolean {
    if (this.#isStopped) return false
    if (!this.#isOpen) return offset >= this.#limit[partition]!
    if (!this.isFull) return false
    this.onSurplus()
    return true
  }

  /** Reading goes on at the last record after a break, so a log made anew does not go unnoticed. */
  #assertSame(record: InputRecord, offset: number, partition: number): void {
    if (offset !== this.offsets[partition]! - 1) return
    const last = this.#last[partition]!
    const known = typeof last === 'string' ? last : recordHash(last)
    if (known === '' || known === recordHash(record)) return
    throw new DepthlineError(
      'LOG_LOST',
      `${this.#topic}[${partition}] holds another record at offset ${offset} than the one that was read before: this is not the same log. Give the old one back, or start a new job (--job, --output)`,
    )
  }

  /** The last record below the limit was applied once, so it must be there again. */
  #assertNoGap(offset: number, partition: number): void {
    const limit = this.#limit[partition]!
    if (offset < limit || this.offsets[partition]! >= limit) return
    throw new DepthlineError(
      'LOG_LOST',
      `${this.#topic}[${partition}] goes on at offset ${offset} after ${this.offsets[partition]! - 1}, and ${limit - 1} was read before: records are gone (is the topic compacted?). Give the old log back, or start a new job (--job, --output)`,
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
        const letter = deadLetterOf({
          ...pick(record),
          reason,
          detail,
          topic: this.#topic,
          partition,
        })
        this.#deadLetters.push(letter)
        this.#deadLetterBytes += sizeOf(letter)
      }
    }
    this.offsets[partition] = offset + 1
    this.#last[partition] = record
    if (this.#whenReached.length > 0 && this.#isAtLimit()) {
      const reached = this.#whenReached
      this.#whenReached = []
      for (const resolve of reached) resolve()
    }
  }

  #isAtLimit(): boolean {
    return this.offsets.every((offset, partition) => offset >= this.#limit[partition]!)
  }

  async #pause(): Promise<void> {
    this.#waiting++
    await new Promise<void>((resolve) => this.#resume.push(resolve))
    this.#waiting--
  }

  #resumeAll(): void {
    const resume = this.#resume
    this.#resume = []
    for (const go of resume) go()
  }
}

function pick({ key, value, offset, timestamp }: InputRecord) {
  return { key, value, offset, timestamp }
}

function sizeOf(letter: DeadLetter): number {
  return (letter.key?.length ?? 0) + (letter.value?.length ?? 0) + DEAD_LETTER_OVERHEAD
}
