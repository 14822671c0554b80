/** A topic in memory, read as the jobs read Kafka's: each partition at its own pace, in small pieces. */
import type { LogReader } from '../jobs/ports.js'
import type { LogPiece, LogRecord, Offsets } from '../wire/records.js'

export class FakeLog implements LogReader {
  readonly topic: string
  readonly starts: number[]
  /** The most records that a reader has taken of each partition. */
  readonly taken: number[]
  readonly #partitions: LogRecord[][]
  readonly #pieceLength: number
  #isStopped = false
  #wake: (() => void)[] = []

  constructor(topic: string, partitions: readonly (readonly LogRecord[])[], pieceLength = 2) {
    this.topic = topic
    this.#partitions = partitions.map((records) => [...records])
    this.#pieceLength = pieceLength
    this.starts = partitions.map(() => 0)
    this.taken = partitions.map(() => 0)
  }

  async ends(): Promise<Offsets> {
    return this.#partitions.map((records) => endOf(records))
  }

  async next(partition: number): Promise<LogPiece | undefined> {
    for (;;) {
      if (this.#isStopped) return undefined
      const start = this.taken[partition]!
      const records = this.#partitions[partition]!.slice(start, start + this.#pieceLength)
      if (records.length > 0) {
        this.taken[partition] = start + records.length
        return { records, position: endOf(records) }
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  append(partition: number, ...records: readonly LogRecord[]): void {
    this.#partitions[partition]!.push(...records)
    for (const go of this.#wake.splice(0)) go()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const go of this.#wake.splice(0)) go()
  }
}

function endOf(records: readonly LogRecord[]): number {
  return Number(records.at(-1)?.offset ?? -1) + 1
}

/** A record at an offset; by default without key and headers. */
export function logRecord(
  offset: number,
  value: Uint8Array | string | null,
  rest: Partial<LogRecord> = {},
): LogRecord {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  return {
    key: null,
    value: bytes,
    offset: String(offset),
    timestamp: '1700000000000',
    headers: {},
    ...rest,
  }
}
