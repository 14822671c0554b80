/** An input and what `run` publishes for it, made with the program's own core, for tests that spoil it. */
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { OrderProcessor } from '../jobs/order-processor.js'
import { deadLetterOf } from '../wire/dead-letter.js'
import type { LogRecord } from '../wire/records.js'
import { logRecord } from './fake-log.js'
import { closedRecord, openRecord } from './order-events.js'

export const FIRST_TICK = 1_700_000_000
export const JOB = 'order-book'
export const INPUT = 'orders'

/** Two partitions; offset 3 of the second is a gap, as a transaction's marker leaves it. */
export const INPUT_RECORDS: readonly (readonly LogRecord[])[] = [
  [
    logRecord(0, openRecord({ id: 1, price: '34045.24', size: '6.5137' })),
    logRecord(1, openRecord({ id: 2, price: '34045.2', size: '1' })),
    logRecord(2, 'broken', { key: new Uint8Array([0, 255]) }),
    logRecord(3, openRecord({ id: 3, side: 'SELL', price: '34045.25' })),
    logRecord(4, closedRecord(2)),
    logRecord(5, openRecord({ id: 2 })),
  ],
  [
    logRecord(0, openRecord({ id: 10, symbol: 'ETH-USDT', price: '2' })),
    logRecord(1, null),
    logRecord(2, openRecord({ id: 11, symbol: 'ETH-USDT', side: 'SELL', price: '1' })),
    logRecord(4, '['.repeat(70_000)),
    logRecord(5, openRecord({ id: 12, symbol: 'ETH-USDT', price: '1.5' })),
  ],
]

/** Two seconds are missed between the second tick and the third. */
const TICKS = [
  { tick: FIRST_TICK, offsets: [0, 0] },
  { tick: FIRST_TICK + 1, offsets: [3, 1] },
  { tick: FIRST_TICK + 4, offsets: [4, 3] },
  { tick: FIRST_TICK + 5, offsets: [6, 5] },
  { tick: FIRST_TICK + 6, offsets: [6, 6] },
]

export interface Published {
  readonly output: LogRecord[]
  readonly deadLetters: LogRecord[]
}

/** What a job that makes no mistake publishes; partitions are read one after another, or the last first. */
export function published(
  input: readonly (readonly LogRecord[])[] = INPUT_RECORDS,
  { ticks = TICKS, isReversed = false } = {},
): Published {
  const processor = new OrderProcessor({ levels: 15, limits: DEFAULT_LIMITS, seed: 1 })
  const output: LogRecord[] = []
  const deadLetters: LogRecord[] = []
  let from = input.map(() => 0)
  let last = { tick: FIRST_TICK - 1, rejected: 0 }
  for (const { tick, offsets } of ticks) {
    const parts = [...input.entries()]
    for (const [partition, records] of isReversed ? parts.reverse() : parts) {
      for (const record of records) {
        const offset = Number(record.offset)
        if (offset < from[partition]! || offset >= offsets[partition]!) continue
        const letter = rejectedBy(processor, record, partition)
        if (letter === undefined) continue
        deadLetters.push({ ...logRecord(deadLetters.length, null), ...letter })
      }
    }
    from = offsets
    const missed = tick - last.tick - 1
    const headers = headersOf(
      processor,
      { tick, offsets, missed },
      deadLetters.length - last.rejected,
    )
    // Each tick is followed by its transaction's marker.
    output.push({ ...tickRecord(2 * output.length, tick, processor.message()), headers })
    last = { tick, rejected: deadLetters.length }
  }
  return { output, deadLetters }
}

function rejectedBy(processor: OrderProcessor, record: LogRecord, partition: number) {
  const { value } = record
  if (value === null) {
    processor.skipTombstone()
    return undefined
  }
  const reason = processor.accept(value, 0, value.length, partition)
  if (reason === undefined) return undefined
  const { detail } = processor
  return deadLetterOf({ ...record, reason, detail, topic: INPUT, partition })
}

function headersOf(
  processor: OrderProcessor,
  { tick, offsets, missed }: { tick: number; offsets: readonly number[]; missed: number },
  rejected: number,
): Record<string, string> {
  processor.message()
  return {
    tick: String(tick),
    offsets: JSON.stringify(Object.fromEntries(offsets.entries())),
    missed: String(missed),
    rejected: String(rejected),
    crossed: JSON.stringify(processor.crossed),
    version: '0.0.0',
  }
}

function tickRecord(offset: number, tick: number, value: string): LogRecord {
  const key = new TextEncoder().encode(JOB)
  return logRecord(offset, value, { key, timestamp: String(tick * 1000) })
}
