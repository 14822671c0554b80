/** A levels topic in memory, which shards write and mergers read from its start. */
import type { LogReader } from '../jobs/ports.js'
import { type LevelRecord, type Mark, markRecord } from '../wire/level-record.js'
import type { LogRecord } from '../wire/records.js'
import { FakeLog, logRecord } from './fake-log.js'

export class MemoryLevels {
  readonly topic = 'order-book.levels'
  /** How often it was read from its start. */
  readers: FakeLog[] = []
  readonly #partitions: LogRecord[][]

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, () => [])
  }

  async open(): Promise<LogReader> {
    const reader = new FakeLog(this.topic, this.#partitions)
    this.readers.push(reader)
    return reader
  }

  /** What a shard commits, into the partition of its number modulo theirs. */
  publish(partition: number, levels: readonly LevelRecord[], mark?: Partial<Mark>): void {
    const marks = mark === undefined ? [] : [markRecord(partition, markOf(mark))]
    const at = partition % this.#partitions.length
    for (const { key, value } of [...levels, ...marks]) {
      const bytes = new TextEncoder().encode(key)
      const record = logRecord(this.#partitions[at]!.length, value, { key: bytes })
      this.#partitions[at]!.push(record)
      this.readers.at(-1)?.append(at, record)
    }
  }
}

export function markOf(change: Partial<Mark>): Mark {
  return {
    ...{ tick: 0, offset: 0, lastRecord: '', openOrders: 0, waitingCloses: 0, rejected: 0 },
    ...{ isIncomplete: false, after: 0, owner: 'a shard', sequence: 1, version: '1' },
    ...change,
  }
}

/** A level as its shard spells it: `0 BTC-USDT BUY 100`, or gone. */
export function levelOf(key: string, value: string | null): LevelRecord {
  return { key, value }
}
