/** `replay`: the same books from a stream of lines, without Kafka and without a clock. */
import { type Line, LineReader } from '../wire/lines.js'
import { OrderProcessor, type OrderProcessorOptions, type RecordCounts } from './order-processor.js'

export interface ReplayOptions extends OrderProcessorOptions {
  /** A tick is printed after so many records, and after the last. */
  readonly eventsPerTick: number
}

export interface ReplayPorts {
  /** Newline-delimited events, in pieces of any size. */
  readonly input: AsyncIterable<Uint8Array>
  writeTick(line: string): Promise<void>
  /** Called for each rejected record with its number, counted from 0. */
  writeDeadLetter?(line: string): Promise<void>
}

/** Every line that is not blank is a record of partition 0, rejected or not, and counts. */
export async function replay(ports: ReplayPorts, options: ReplayOptions): Promise<RecordCounts> {
  const processor = new OrderProcessor(options)
  const lines = new LineReader()
  let records = 0
  const take = async (line: Line) => {
    const reason = processor.accept(line.bytes, line.start, line.end, 0)
    if (reason !== undefined && ports.writeDeadLetter !== undefined) {
      const value = line.text(reason === 'too_large' ? 1024 : undefined)
      await ports.writeDeadLetter(`${JSON.stringify({ line: records, reason, value })}\n`)
    }
    records++
    if (records % options.eventsPerTick === 0) await ports.writeTick(`${processor.message()}\n`)
  }
  for await (const piece of ports.input) {
    lines.push(piece)
    for (let line = lines.next(); line !== undefined; line = lines.next()) await take(line)
  }
  const last = lines.last()
  if (last !== undefined) await take(last)
  if (records % options.eventsPerTick !== 0) await ports.writeTick(`${processor.message()}\n`)
  return processor.counts()
}
