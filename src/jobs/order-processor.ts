/** Records in, books and counts out: the one core behind `run` and `replay`. */
import type { ChangedLevels } from '../book/changed-levels.js'
import { OrderBooks, type OrderBooksLimits } from '../book/order-books.js'
import { emptyOrderEvent, type OrderEvent } from '../book/order-event.js'
import { countsAs, OUTCOME_NAMES, Outcome, type OutcomeName } from '../book/outcome.js'
import { OrderEventReader, type ReadFault } from '../wire/order-event-reader.js'
import { stateHash } from '../wire/progress.js'
import type { RecordBatch } from '../wire/record-batch.js'
import { finish, type Steps } from '../wire/steps.js'
import { TickPrinter } from '../wire/tick-message.js'

/** Why a record is rejected: it cannot be read, or the books do not allow it. */
export type RejectReason = ReadFault | 'symbol_changed' | 'order_already_closed'

const REJECTED_OUTCOMES: ReadonlyMap<Outcome, RejectReason> = new Map([
  [Outcome.symbol_changed, 'symbol_changed'],
  [Outcome.order_already_closed, 'order_already_closed'],
])

const DETAILS = {
  symbol_changed: 'the id is open under another symbol; the open order stays',
  order_already_closed: 'the id was opened and closed before',
}

/** So many records may be read before the first of them is applied. */
export const READ_AHEAD = 16

interface ReadRecord {
  readonly event: OrderEvent
  /** Why it cannot be read, and more about that. */
  fault: ReadFault | undefined
  detail: string
  isTombstone: boolean
}

export interface OrderProcessorOptions {
  /** Levels a side in the tick message; Infinity for all. */
  readonly levels: number
  readonly limits: OrderBooksLimits
  /** Spreads the hash tables; never changes an answer. */
  readonly seed: number
  /** Levels that a step of {@link OrderProcessor.print} takes at most; never changes an answer. */
  readonly stepLevels?: number
  /** Collects the levels that change, where somebody publishes them one by one. */
  readonly changedLevels?: ChangedLevels
}

export interface PrintedBooks {
  /** JSON text in UTF-8. */
  readonly message: Uint8Array
  readonly stateHash: string
}

/** Records in = applied + ignored + rejected + tombstones, always. */
export interface RecordCounts {
  records: number
  applied: number
  ignored: number
  rejected: number
  tombstones: number
  /** By the name of the outcome or of the reason for rejection. */
  byOutcome: Record<string, number>
}

export class OrderProcessor {
  readonly books: OrderBooks
  readonly #reader = new OrderEventReader()
  /** The records read and not applied yet, by their place. */
  readonly #ahead = Array.from({ length: READ_AHEAD }, (): ReadRecord => {
    return { event: emptyOrderEvent(), fault: undefined, detail: '', isTombstone: false }
  })
  readonly #printer: TickPrinter
  readonly #options: OrderProcessorOptions
  readonly #outcomes = new Float64Array(OUTCOME_NAMES.length)
  readonly #faults = new Map<ReadFault, number>()
  #tombstones = 0
  #detail = ''

  constructor(options: OrderProcessorOptions) {
    this.#options = options
    this.books = new OrderBooks(options.limits, options.seed, options.changedLevels)
    this.#printer = new TickPrinter(this.books, options.levels, options.stepLevels)
  }

  /** More about the rejection that {@link accept} returned last: at most 200 characters, no payload. */
  get detail(): string {
    return this.#detail
  }

  get crossed(): string[] {
    return this.#printer.crossed
  }

  /** Reads and applies the record at `start … end`; returns why it is rejected, where it is. */
  accept(
    bytes: Uint8Array,
    start: number,
    end: number,
    partition: number,
  ): RejectReason | undefined {
    this.#read(this.#ahead[0]!, bytes, start, end)
    return this.apply(0, partition)
  }

  /**
   * Reads `count` records of a batch, at most {@link READ_AHEAD}, from its place `first` on; each has
   * to be applied by {@link apply}, with its place from 0, or is as if it had never been read.
   *
   * What applying one looks up lies anywhere in memory, and waiting for that is half of what
   * applying costs; the processor waits for many at once where they are asked for in one go.
   */
  readAhead(batch: RecordBatch, first: number, count: number): void {
    for (let place = 0; place < count; place++) {
      const record = this.#ahead[place]!
      const bytes = batch.bytesAt(first + place)
      record.isTombstone = bytes === null
      if (bytes === null) record.fault = undefined
      else this.#read(record, bytes, batch.startAt(first + place), batch.endAt(first + place))
    }
    for (let place = 0; place < count; place++) {
      const { event, fault, isTombstone } = this.#ahead[place]!
      if (fault === undefined && !isTombstone) this.books.expect(event)
    }
    this.books.prefetch()
  }

  /** Applies what was read ahead; returns why it is rejected, where it is. */
  apply(place: number, partition: number): RejectReason | undefined {
    const { event, fault, detail, isTombstone } = this.#ahead[place]!
    if (isTombstone) {
      this.skipTombstone()
      return undefined
    }
    if (fault !== undefined) {
      this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
      this.#detail = detail
      return fault
    }
    const outcome = this.books.apply(event, partition)
    this.#outcomes[outcome]!++
    // Changes are gathered until a tick reads them, but not without bound while none does.
    if (this.books.pendingLevels > MAX_PENDING_LEVELS) this.books.update(UPDATE_LEVELS)
    if (outcome < Outcome.symbol_changed) return undefined
    return this.#reject(outcome)
  }

  /**
   * The tick message for the books as they are now, and their identity, in steps; no record
   * may be accepted before the last one is done.
   */
  *print(): Steps<PrintedBooks> {
    const message = yield* this.#printer.steps()
    const { openOrders, waitingCloses } = this.books
    const { levels } = this.#options
    const hash = yield* stateHash({ message, levels, openOrders, waitingCloses })
    return { message, stateHash: hash }
  }

  /** The identity of the books as they are now. */
  stateHash(): string {
    return finish(this.print()).stateHash
  }

  skipTombstone(): void {
    this.#tombstones++
  }

  /** The tick message for the books as they are now. */
  message(): string {
    return this.#printer.print()
  }

  /** As {@link TickPrinter.watch}. */
  watchSymbols(onChange: (symbol: string) => void): void {
    this.#printer.watch(onChange)
  }

  /** As {@link TickPrinter.ladder}. */
  ladder(symbol: string): Uint8Array | null {
    return this.#printer.ladder(symbol)
  }

  /** As {@link TickPrinter.describeSize}. */
  describeSize(): string {
    return this.#printer.describeSize()
  }

  counts(): RecordCounts {
    const counts: RecordCounts = {
      records: this.#tombstones,
      applied: 0,
      ignored: 0,
      rejected: 0,
      tombstones: this.#tombstones,
      byOutcome: {},
    }
    const count = (name: string, kind: 'applied' | 'ignored' | 'rejected', number: number) => {
      counts.records += number
      counts[kind] += number
      counts.byOutcome[name] = number
    }
    for (const name of OUTCOME_NAMES) {
      const outcome = Outcome[name]
      count(name, countsAs(outcome), this.#outcomes[outcome]!)
    }
    for (const [fault, number] of this.#faults) count(fault, 'rejected', number)
    return counts
  }

  /** Records by the name of their outcome, tombstones included: all that {@link restoreCounts} needs. */
  get outcomes(): Record<string, number> {
    return { ...this.counts().byOutcome, tombstones: this.#tombstones }
  }

  /** Goes on counting from what {@link outcomes} gave before. */
  restoreCounts(outcomes: Readonly<Record<string, number>>): void {
    for (const [name, number] of Object.entries(outcomes)) {
      if (name === 'tombstones') this.#tombstones = number
      else if (Object.hasOwn(Outcome, name)) this.#outcomes[Outcome[name as OutcomeName]] = number
      else this.#faults.set(name as ReadFault, number)
    }
  }

  #read(record: ReadRecord, bytes: Uint8Array, start: number, end: number): void {
    this.#reader.event = record.event
    record.isTombstone = false
    record.fault = this.#reader.read(bytes, start, end)
    if (record.fault !== undefined) record.detail = this.#reader.detail
  }

  #reject(outcome: Outcome): RejectReason {
    const reason = REJECTED_OUTCOMES.get(outcome)!
    this.#detail = DETAILS[reason as keyof typeof DETAILS]
    return reason
  }
}

const MAX_PENDING_LEVELS = 65_536
/** All of them at once would hold up everything else. */
const UPDATE_LEVELS = 2_000
