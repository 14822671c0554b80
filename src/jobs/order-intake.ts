/** Applies batches of the input in slices, keeps every partition's position, gathers dead letters. */
import { deadLetterOf } from '../wire/dead-letter.js'
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

export interface OrderIntakeOptions {
  readonly topic: string
  readonly partitions: number
  /** Dead letters below these offsets were published by an earlier process. */
  readonly publishedBelow: Offsets
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
  readonly #options: OrderIntakeOptions
  #deadLetters: DeadLetter[] = []
  #deadLetterBytes = 0
  #resume: (() => void)[] = []
  #isStopped = false

  constructor(processor: OrderProcessor, clock: Clock, options: OrderIntakeOptions) {
    this.#processor = processor
    this.#clock = clock
    this.#options = options
    this.offsets = new Array(options.partitions).fill(0)
  }

  get isFull(): boolean {
    return (
      this.#deadLetters.length >= MAX_DEAD_LETTERS || this.#deadLetterBytes >= MAX_DEAD_LETTER_BYTES
    )
  }

  get hasCaughtUp(): boolean {
    return this.#options.publishedBelow.every((end, partition) => this.offsets[partition]! >= end)
  }

  /** Every dead letter below these offsets has been handed over; they never go back, not even while catching up. */
  get publishable(): number[] {
    const { publishedBelow } = this.#options
    return this.offsets.map((offset, partition) => Math.max(offset, publishedBelow[partition] ?? 0))
  }

  /** Applies a batch; records below the partition's position were applied before and are passed over. */
  async apply({ partition, records }: RecordBatch): Promise<void> {
    for (let start = 0; start < records.length; start += SLICE) {
      const end = Math.min(start + SLICE, records.length)
      for (let index = start; index < end; index++) {
        if (this.#isStopped) return
        this.#applyRecord(records[index]!, partition)
        if (this.isFull) await this.#pause()
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

  #applyRecord(record: InputRecord, partition: number): void {
    const offset = Number(record.offset)
    if (offset < this.offsets[partition]!) return
    const { value } = record
    if (value === null) {
      this.#processor.skipTombstone()
    } else {
      const reason = this.#processor.accept(value, 0, value.length, partition)
      const isNew = offset >= (this.#options.publishedBelow[partition] ?? 0)
      if (reason !== undefined && isNew) {
        this.rejected++
        const { topic } = this.#options
        const { detail } = this.#processor
        const letter = deadLetterOf({ ...pick(record), reason, detail, topic, partition })
        this.#deadLetters.push(letter)
        this.#deadLetterBytes += sizeOf(letter)
      }
    }
    this.offsets[partition] = offset + 1
  }

  /** Ends the applying, also of batches that wait for dead letters to be published. */
  stop(): void {
    this.#isStopped = true
    this.#resumeAll()
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

function pick({ key, value, offset, timestamp }: InputRecord) {
  return { key, value, offset, timestamp }
}

function sizeOf(letter: DeadLetter): number {
  return (letter.key?.length ?? 0) + (letter.value?.length ?? 0) + DEAD_LETTER_OVERHEAD
}
