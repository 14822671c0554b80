/** Reads a topic's partitions each at its reader's own pace, in pieces that are asked for. */
import type { KafkaMessage } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import type { LogPiece, LogRecord, Offsets } from '../wire/records.js'
import type { Cluster } from './client.js'
import { PartitionConsumer } from './partition-consumer.js'
import { topicRanges } from './topics.js'

/** So many batches of a partition wait at most; two, so that one is fetched while one is worked on. */
const WAITING_BATCHES = 2
const RETRY_MS = 500

/**
 * @param job begins the name of the consumer's own group
 * @param from where to begin, by partition; what is no longer kept is passed over
 * @throws DepthlineError TOPIC_MISSING
 */
export async function openLogReader(
  cluster: Cluster,
  { topic, job, from = [] }: { topic: string; job: string; from?: Offsets | undefined },
): Promise<LogReader> {
  const ranges = await topicRanges(cluster, topic)
  const starts = ranges.map(({ low }, partition) => Math.max(low, from[partition] ?? 0))
  return new LogReader(cluster, { topic, job, starts })
}

/**
 * KafkaJS fetches again only when all batches of a fetch are done with, so a batch that
 * is held up would hold up every partition of its broker. Batches are taken at once
 * instead, and the partition is paused while enough of them wait here.
 */
export class LogReader {
  readonly topic: string
  /** Where reading begins in each partition. */
  readonly starts: Offsets
  readonly #cluster: Cluster
  readonly #consumer: PartitionConsumer
  readonly #positions: number[]
  readonly #waiting: LogRecord[][][]
  /** Where the reader of each partition is told it has come to. */
  readonly #given: number[]
  #wake: (() => void)[] = []
  #end: { readonly failure?: unknown } | undefined

  constructor(
    cluster: Cluster,
    { topic, job, starts }: { topic: string; job: string; starts: readonly number[] },
  ) {
    this.topic = topic
    this.starts = starts
    this.#cluster = cluster
    this.#positions = [...starts]
    this.#given = [...starts]
    this.#waiting = starts.map(() => [])
    this.#consumer = new PartitionConsumer(cluster, {
      topic,
      job,
      positions: this.#positions,
      handle: async ({ partition, records }) => this.#take(partition, records),
      onPosition: () => this.#wakeAll(),
    })
    this.#consumer.run().catch((failure) => {
      this.#end ??= { failure }
      this.#wakeAll()
    })
  }

  /** For each partition, the offset after its last record by now; waits while Kafka is away. */
  async ends(): Promise<Offsets> {
    for (;;) {
      try {
        return (await topicRanges(this.#cluster, this.topic)).map(({ high }) => high)
      } catch (error) {
        const mayPass = error instanceof DepthlineError && error.retriable
        if (!mayPass || this.#end !== undefined) throw error
        this.#cluster.log.warn({ reason: error.message }, 'waiting for Kafka')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  /**
   * Waits for what comes next in a partition: committed records, or none where only
   * markers and aborted records were passed. Undefined once it is stopped.
   */
  async next(partition: number): Promise<LogPiece | undefined> {
    for (;;) {
      const records = this.#waiting[partition]!.shift()
      if (records !== undefined) {
        this.#consumer.resume(partition)
        return this.#give(partition, records, Number(records.at(-1)!.offset) + 1)
      }
      const position = this.#positions[partition]!
      if (position > this.#given[partition]!) return this.#give(partition, [], position)
      if (this.#end !== undefined) {
        if ('failure' in this.#end) throw this.#end.failure
        return undefined
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  async stop(): Promise<void> {
    this.#end ??= {}
    for (const waiting of this.#waiting) waiting.length = 0
    this.#wakeAll()
    await this.#consumer.stop()
  }

  #take(partition: number, messages: readonly KafkaMessage[]): void {
    if (this.#end !== undefined) return
    const waiting = this.#waiting[partition]!
    waiting.push(messages.map(toLogRecord))
    if (waiting.length >= WAITING_BATCHES) this.#consumer.pause(partition)
    this.#wakeAll()
  }

  #give(partition: number, records: readonly LogRecord[], position: number): LogPiece {
    this.#given[partition] = position
    return { records, position }
  }

  #wakeAll(): void {
    const wake = this.#wake
    this.#wake = []
    for (const go of wake) go()
  }
}

function toLogRecord({ key, value, offset, timestamp, headers = {} }: KafkaMessage): LogRecord {
  const texts: Record<string, string> = {}
  for (const name of Object.keys(headers)) texts[name] = String(headers[name])
  return { key, value, offset, timestamp, headers: texts }
}
