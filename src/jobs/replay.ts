/** `replay`: the same books from a stream of lines, without Kafka and without a clock. */
import { type Line, LineReader } from '../wire/lines.js'
import {
  OrderProcessor,
  type OrderProcessorOptions,
  type RecordCounts,
  type RejectReason,
} from './order-processor.js'

export interface ReplayOptions extends OrderProcessorOptions {
  /** A tick is printed after so many records, and after the last. */
  readonly eventsPerTick: number
}

export interface ReplayPorts {
  /** Newline-delimited events, in pieces of any size. */
  readonly input: AsyncIterable<Uint8Array>
  /** Aborts where the input ends before its end. */
  readonly signal: AbortSignal
  writeTick(line: string): Promise<void>
  /** Called for each rejected record with its number, counted from 0. */
  writeDeadLetter?(line: string): Promise<void>
}

/** As in the dead-letter topic: enough to recognise the record. */
const TOO_LARGE_KEPT_BYTES = 1024

/** Every line that is not blank is a record of partition 0, rejected or not, and counts. */
export async function replay(ports: ReplayPorts, options: ReplayOptions): Promise<RecordCounts> {
  const processor = new OrderProcessor(options)
  const lines = new LineReader()
  let records = 0
  let untilTick = options.eventsPerTick

  // Not async: a promise for each of a million lines would take as long as applying them.
  const take = (line: Line): Promise<void> | undefined => {
    const reason = processor.accept(line.bytes, line.start, line.end, 0)
    records++
    untilTick--
    return reason === undefined && untilTick > 0 ? undefined : write(line, reason)
  }
  const write = async (line: Line, reason: RejectReason | undefined) => {
    if (reason !== undefined && ports.writeDeadLetter !== undefined) {
      const value = line.text(reason === 'too_large' ? TOO_LARGE_KEPT_BYTES : undefined)
      await ports.writeDeadLetter(`${JSON.stringify({ line: records - 1, reason, value })}\n`)
    }
    if (untilTick > 0) return
    untilTick = options.eventsPerTick
    await ports.writeTick(`${processor.message()}\n`)
  }

  for await (const piece of ports.input) {
    lines.push(piece)
    for (let line = lines.next(); line !== undefined; line = lines.next()) {
      const writing = take(line)
      if (writing !== undefined) await writing
    }
  }
  // Of an input that was cut short the last line is no record, but half of one.
  const last = ports.signal.aborted ? undefined : lines.last()
  if (last !== undefined) await take(last)
  if (untilTick < options.eventsPerTick) await ports.writeTick(`${processor.message()}\n`)
  return processor.counts()
}
