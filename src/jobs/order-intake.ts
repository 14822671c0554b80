/** Applies batches of the input in slices, keeps every partition's position, gathers dead letters. */
import { deadLetterOf } from '../wire/dead-letter.js'
import type { RecordBatch } from '../wire/record-batch.js'
import type { DeadLetter, Offsets } from '../wire/records.js'
import { DeadLetterBuffer } from './dead-letter-buffer.js'
import { Gate } from './gate.js'
import { LogIdentity } from './log-identity.js'
import { type OrderProcessor, READ_AHEAD, type RejectReason } from './order-processor.js'
import type { Clock, OrderSource } from './ports.js'
import { RecordQueue, recordsInWork } from './record-queue.js'

/** So many records take about a millisecond; after each slice the ticker may go first. */
const SLICE = 1_000
/**
 * With so many records left the next are fetched. More would be alive at once, and what lives the
 * garbage collector copies: 5,000 took a tenth more CPU.
 */
const AHEAD = 1_000

export interface IntakeStart {
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
  /** Rejects when applying has failed: nothing is applied from then on. */
  readonly failed: Promise<never>
  /** Called when the dead letters that wait are too many to go on. */
  onSurplus: () => void = () => {}
  readonly #processor: OrderProcessor
  readonly #clock: Clock
  readonly #source: Pick<OrderSource, 'topic' | 'pause' | 'resume'>
  /** Records from here on wait; dead letters below were published by an earlier process. */
  #limit: Offsets
  readonly #log: LogIdentity
  /** By partition, what has come and waits. */
  readonly #queues: RecordQueue[]
  readonly #deadLetters = new DeadLetterBuffer()
  /** A slice is applied. */
  readonly #worked = new Gate()
  /** The dead letters are published. */
  readonly #room = new Gate()
  readonly #reached = new Gate()
  readonly #released = new Gate()
  #isOnHold = false
  #isOpen = false
  #isStopped = false
  #fail: (error: unknown) => void = () => {}

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
    const hashes = offsets.map((_, partition) => lastRecords[partition] ?? '')
    this.#log = new LogIdentity(source.topic, hashes)
    this.#queues = offsets.map(() => new RecordQueue())
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    // Whoever runs the job awaits it; it must not count as unhandled before that.
    this.failed.catch(() => {})
  }

  get isFull(): boolean {
    return this.#deadLetters.isFull
  }

  /** True while applying waits for something other than records: a new limit, or dead letters to be published. */
  get isHeld(): boolean {
    const isWaiting = this.#queues.some(({ first }) => first !== undefined)
    return isWaiting && (!this.#isOpen || this.isFull)
  }

  /** True while records below the limit are missing. */
  get isBehind(): boolean {
    return !this.#isOpen && !this.#isAtLimit()
  }

  /** For each partition the hash of the last record below its offset. */
  get lastRecords(): string[] {
    return this.#log.hashes
  }

  /** Goes on to exactly these offsets; resolves when each partition is there. */
  async limitTo(offsets: Offsets): Promise<void> {
    this.#limit = this.offsets.map((offset, partition) => offsets[partition] ?? offset)
    const reached = this.#reached.wait()
    if (this.#isAtLimit()) this.#reached.open()
    this.#workOnAll()
    await reached
  }

  /** Goes on without a limit, and gathers what is rejected from here on. */
  open(): void {
    this.#isOpen = true
    this.#workOnAll()
  }

  /** Applies nothing more until {@link release}: what is read of the books meanwhile is of one moment. */
  hold(): void {
    this.#isOnHold = true
  }

  release(): void {
    this.#isOnHold = false
    this.#released.open()
  }

  /**
   * Takes a batch to be applied, as far as it lies below the limit. Records below the
   * partition's position were applied before and are passed over.
   *
   * @returns when more may be fetched: a little before all is applied, so that both go on at once
   */
  async apply(batch: RecordBatch): Promise<void> {
    const queue = this.#queues[batch.partition]!
    queue.push(batch)
    this.#work(batch.partition).catch(this.#fail)
    while (queue.isBusy && recordsInWork(this.#queues) > AHEAD) await this.#worked.wait()
  }

  #workOnAll(): void {
    for (const partition of this.#queues.keys()) this.#work(partition).catch(this.#fail)
  }

  /** Applies what waits of a partition, in order, up to the limit. */
  async #work(partition: number): Promise<void> {
    const queue = this.#queues[partition]!
    if (queue.isBusy || queue.first === undefined) return
    queue.isBusy = true
    try {
      while (queue.first !== undefined && !this.#isStopped) {
        if (await this.#applySlice(queue, queue.first, partition)) continue
        this.#source.pause(partition)
        return
      }
      this.#source.resume(partition)
    } finally {
      queue.isBusy = false
      this.#worked.open()
    }
  }

  /** Applies the next records of the first batch; false where the limit comes first. */
  async #applySlice(queue: RecordQueue, batch: RecordBatch, partition: number): Promise<boolean> {
    const end = Math.min(queue.next + SLICE, batch.length)
    while (queue.next < end) {
      while (this.#isOnHold) await this.#released.wait()
      if (this.#isStopped) return true
      const done = this.#applyUpTo(queue, batch, partition, end)
      if (done === 'limit') return false
      if (done !== 'full') continue
      this.onSurplus()
      await this.#room.wait()
    }
    if (queue.next === batch.length) queue.shift()
    this.#worked.open()
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
    this.#room.open()
  }

  /** Ends the applying, also of batches that wait. */
  stop(): void {
    this.#isStopped = true
    this.release()
    this.#room.open()
  }

  /** Applies records from the queue's next one on; says what it stopped at. */
  #applyUpTo(queue: RecordQueue, batch: RecordBatch, partition: number, end: number) {
    const begin = queue.next
    let done: 'end' | 'limit' | 'full' = 'end'
    for (; queue.next < end; queue.next++) {
      const place = (queue.next - begin) % READ_AHEAD
      if (place === 0) {
        this.#processor.readAhead(batch, queue.next, Math.min(READ_AHEAD, end - queue.next))
      }
      const offset = batch.offsetAt(queue.next)
      if (offset < this.offsets[partition]!) {
        if (offset === this.offsets[partition]! - 1) {
          this.#log.assertSame(partition, batch.recordAt(queue.next))
        }
        continue
      }
      if (!this.#isOpen && offset >= this.#limit[partition]!) {
        const position = this.offsets[partition]!
        this.#log.assertNoGap(partition, { position, limit: this.#limit[partition]!, next: offset })
        done = 'limit'
        break
      }
      if (this.isFull) {
        done = 'full'
        break
      }
      const reason = this.#processor.apply(place, partition)
      if (reason !== undefined && this.#isOpen) this.#reject(batch, queue.next, reason)
      this.offsets[partition] = offset + 1
    }
    this.#noteLast(batch, begin, queue.next, partition)
    return done
  }

  #reject(batch: RecordBatch, index: number, reason: RejectReason): void {
    this.rejected++
    const { partition } = batch
    const why = { topic: this.#source.topic, partition, reason, detail: this.#processor.detail }
    this.#deadLetters.add(deadLetterOf({ ...batch.recordAt(index), ...why }))
  }

  /** Remembers the last record applied of those from `begin` to before `end`, and who waits for it. */
  #noteLast(batch: RecordBatch, begin: number, end: number, partition: number): void {
    if (end === begin || batch.offsetAt(end - 1) !== this.offsets[partition]! - 1) return
    this.#log.note(partition, batch.recordAt(end - 1))
    if (this.#reached.isAwaited && this.#isAtLimit()) this.#reached.open()
  }

  #isAtLimit(): boolean {
    return this.offsets.every((offset, partition) => offset >= this.#limit[partition]!)
  }
}
