/** The levels topic as a merger reads it: each partition at a pace of its own, with breaks. */
import type { LogReader } from '../../../jobs/ports.js'
import { type LevelRecord, type Mark, readLevelRecord } from '../../../wire/level-record.js'
import type { LogPiece, LogRecord, Offsets } from '../../../wire/records.js'
import type { SimulatedProcess } from '../process.js'
import type { TopicPiece, TopicRecord } from './levels-topic.js'
import type { ShardWorld } from './shard-world.js'

const RETRY_MS = 500

type Read = (partition: number, from: number, count: number) => TopicPiece

/** A mark that has reached a merger. */
export interface Sighting {
  readonly by: SimulatedProcess
  readonly partition: number
  readonly mark: Mark
  readonly at: number
}

export class SimulatedLevelsReader implements LogReader {
  readonly topic = 'book.levels'
  readonly starts: Offsets
  readonly #shards: ShardWorld
  readonly #process: SimulatedProcess
  readonly #read: Read
  readonly #positions: number[]
  #brokenUntil = 0
  #isStopped = false

  /** @param read what only a mutant does otherwise */
  constructor(shards: ShardWorld, process: SimulatedProcess, read?: Read) {
    this.#shards = shards
    this.#read = read ?? ((partition, from, count) => shards.levels.read(partition, from, count))
    this.#process = process
    this.#positions = Array.from({ length: shards.levels.partitions }, () => 0)
    this.starts = [...this.#positions]
  }

  async ends(): Promise<Offsets> {
    const { network } = this.#shards.world
    for (;;) {
      try {
        return await network.call(this.#process, 'ends', () => this.#shards.levels.ends())
      } catch (error) {
        if (this.#isStopped) throw error
        await this.#process.sleep(RETRY_MS)
      }
    }
  }

  async next(partition: number): Promise<LogPiece | undefined> {
    const { random, network, scheduler } = this.#shards.world
    for (;;) {
      await this.#process.sleep(this.#wait())
      if (this.#isStopped) return undefined
      if (network.isAway || scheduler.now < this.#brokenUntil) continue
      const count = random.chance(0.3) ? 1 + random.below(5) : 500
      const { records, position } = this.#read(partition, this.#positions[partition]!, count)
      if (position === this.#positions[partition]) continue
      this.#positions[partition] = position
      // What was read is on its way, and may be compacted meanwhile.
      await this.#process.sleep(random.below(20))
      if (this.#isStopped) return undefined
      return { position, records: records.map((entry) => this.#give(entry)) }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#process.sleep(this.#shards.world.random.below(50))
  }

  /** The connection breaks, and reading goes on where it was. */
  break(): void {
    const { random, scheduler } = this.#shards.world
    this.#brokenUntil = scheduler.now + random.below(1_200)
  }

  #wait(): number {
    const { plan, random, isCalm } = this.#shards.world
    const isSlow = !isCalm && plan.faults.has('slowReading') && random.chance(0.05)
    if (!isSlow) return 5 + random.below(50)
    return random.below(random.chance(0.3) ? 9_000 : 1_500)
  }

  #give({ offset, record }: TopicRecord) {
    const found = readLevelRecord(record)
    if (found !== undefined && 'mark' in found) {
      const { partition, mark } = found
      this.#shards.sightings.push({
        ...{ by: this.#process, partition, mark, at: this.#shards.world.scheduler.now },
      })
    }
    return logRecord(offset, record)
  }
}

const encoder = new TextEncoder()

function logRecord(offset: number, { key, value }: LevelRecord): LogRecord {
  return {
    ...{ offset: String(offset), timestamp: '0', headers: {} },
    key: encoder.encode(key),
    value: value === null ? null : encoder.encode(value),
  }
}
