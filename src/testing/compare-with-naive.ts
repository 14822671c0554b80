/** The program against its oracle, record by record, over as many hostile records as one likes. */
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { OrderProcessor, READ_AHEAD, type RecordCounts } from '../jobs/order-processor.js'
import { NaiveBook } from '../oracle/naive-book.js'
import type { RecordBatch } from '../wire/record-batch.js'
import { type HostileRecord, hostileRecords } from './hostile-records.js'
import { Random } from './random.js'

export interface ComparisonOptions {
  readonly seed: number
  readonly count: number
  /** Small, so that closed ids are forgotten and come again. */
  readonly closedWindow?: number
  /** Levels a side in the messages that are compared. */
  readonly levels?: number
  /** The messages are compared after every so many records, and at the end. */
  readonly recordsPerMessage?: number
}

export interface Comparison {
  readonly counts: RecordCounts
  readonly messages: number
  readonly longestMessage: number
}

/**
 * Feeds the same records to both; every outcome, message and count must agree.
 *
 * @throws Error on the first difference, naming the seed, the record and its bytes
 */
export function compareWithNaive(options: ComparisonOptions): Comparison {
  const { seed, count, closedWindow = 12, levels = Number.POSITIVE_INFINITY } = options
  const { recordsPerMessage = 1000 } = options
  const naive = new NaiveBook(closedWindow)
  const limits = { ...DEFAULT_LIMITS, closedWindow }
  const named = new NamedProcessor(new OrderProcessor({ levels, limits, seed }), seed)
  const records = hostileRecords(seed)
  let messages = 0
  let longestMessage = 0
  for (let number = 1; number <= count; number++) {
    const { value, partition } = named.next(records)
    const expected = naive.accept(value, partition)
    const actual = named.apply(partition)
    if (actual !== expected) throw difference({ number, seed, value, expected, actual })
    if (number % recordsPerMessage !== 0 && number !== count) continue
    const message = compareMessages(naive, named.processor, levels)
    messages++
    longestMessage = Math.max(longestMessage, message.length)
  }
  return { counts: compareCounts(naive, named.processor), messages, longestMessage }
}

/** Reads records ahead, as `run` does, and finds out what became of each by the count that it raised. */
class NamedProcessor {
  readonly processor: OrderProcessor
  readonly #random: Random
  #before: Record<string, number> = {}
  #tombstones = 0
  /** What was read ahead; the first `#place` of them are applied. */
  #block: HostileRecord[] = []
  #place = 0

  constructor(processor: OrderProcessor, seed: number) {
    this.processor = processor
    this.#random = new Random(~seed)
  }

  /** The record that {@link apply} comes to next; reads some more where none is left. */
  next(records: Iterator<HostileRecord, never>): HostileRecord {
    if (this.#place === this.#block.length) {
      const count = 1 + this.#random.below(READ_AHEAD)
      this.#block = Array.from({ length: count }, () => records.next().value)
      this.#place = 0
      const places = this.#block.map(({ value }) => value && surrounded(this.#random, value))
      this.processor.readAhead(batchOf(places), 0, count)
    }
    return this.#block[this.#place]!
  }

  apply(partition: number): string {
    const { processor } = this
    const reason = processor.apply(this.#place++, partition)
    if (reason !== undefined && !(processor.detail.length <= 200)) throw new Error('long detail')
    const { byOutcome, tombstones } = processor.counts()
    const raised = Object.keys(byOutcome).filter(
      (name) => byOutcome[name]! > (this.#before[name] ?? 0),
    )
    if (tombstones > this.#tombstones) raised.push('tombstone')
    this.#before = byOutcome
    this.#tombstones = tombstones
    const name = raised.join(' and ')
    return reason === undefined || reason === name ? name : `${name}, returned as ${reason}`
  }
}

interface Place {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** A batch of values alone; null is a tombstone. */
function batchOf(places: readonly (Place | null)[]): RecordBatch {
  return {
    partition: 0,
    length: places.length,
    offsetAt: (index) => index,
    bytesAt: (index) => places[index]?.bytes ?? null,
    startAt: (index) => places[index]!.start,
    endAt: (index) => places[index]!.end,
    recordAt: () => {
      throw new Error('nobody asks for a whole record')
    },
  }
}

/** The record in the midst of other bytes, as it lies in a Kafka batch: none of them may be read. */
function surrounded(random: Random, value: Uint8Array): Place {
  const before = random.pick(['', ' ', '{', '"', '1', '{"order_id":'])
  const after = random.pick(['', '0', '9', '"', '}', ']', 'e5', '.5', ' ', 'l', '\\', '\u0080'])
  return {
    bytes: Buffer.concat([Buffer.from(before), value, Buffer.from(after)]),
    start: before.length,
    end: before.length + value.length,
  }
}

function compareMessages(naive: NaiveBook, processor: OrderProcessor, levels: number): string {
  const message = processor.message()
  expectSame('message', naive.message(levels), message)
  expectSame('crossed symbols', naive.crossed().join(), processor.crossed.join())
  expectSame('open orders', naive.openOrders, processor.books.openOrders)
  expectSame('waiting closes', naive.waitingCloses, processor.books.waitingCloses)
  return message
}

function compareCounts(naive: NaiveBook, processor: OrderProcessor): RecordCounts {
  const counts = processor.counts()
  const { records, applied, ignored, rejected, tombstones } = counts
  expectSame('records', applied + ignored + rejected + tombstones, records)
  const totals = { records, applied, ignored, rejected, tombstones }
  expectSame('counts', JSON.stringify(naive.counts), JSON.stringify(totals))
  return counts
}

function expectSame(what: string, expected: unknown, actual: unknown): void {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`)
}

interface Difference {
  readonly number: number
  readonly seed: number
  readonly value: Uint8Array | null
  readonly expected: string
  readonly actual: string
}

function difference({ number, seed, value, expected, actual }: Difference): Error {
  const base64 = Buffer.from(value ?? []).toString('base64')
  return new Error(
    `record ${number} of seed ${seed}: expected ${expected}, got ${actual}\n` +
      `${JSON.stringify(
        Buffer.from(value ?? [])
          .toString('latin1')
          .slice(0, 2000),
      )}\n` +
      `base64: ${base64.slice(0, 4000)}`,
  )
}
