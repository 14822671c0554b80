/** The input topic as `run` sees it: every partition from a given offset on. */
import { type RecordBatch, RecordList } from '../wire/record-batch.js'
import type { Offsets, PartitionRange } from '../wire/records.js'
import type { Cluster } from './client.js'
import { PartitionConsumer } from './partition-consumer.js'
import { topicRanges } from './topics.js'

export class KafkaOrderSource {
  readonly topic: string
  readonly #cluster: Cluster
  readonly #job: string
  /** Of the consumer: past records and markers alike. */
  #positions: number[] = []
  #consumer: PartitionConsumer | undefined

  /** @param job begins the name of the consumer's own group */
  constructor(cluster: Cluster, { topic, job }: { topic: string; job: string }) {
    this.#cluster = cluster
    this.topic = topic
    this.#job = job
  }

  /** @throws DepthlineError TOPIC_MISSING */
  ranges(): Promise<PartitionRange[]> {
    return topicRanges(this.#cluster, this.topic)
  }

  /** @throws DepthlineError LOG_LOST where what comes next is gone, or what `handle` throws */
  consume(from: Offsets, handle: (batch: RecordBatch) => Promise<void>): Promise<void> {
    this.#positions = [...from]
    const { topic } = this
    this.#consumer = new PartitionConsumer(this.#cluster, {
      topic,
      job: this.#job,
      positions: this.#positions,
      overlap: 1,
      handle: ({ partition, records }) => handle(new RecordList(partition, records)),
    })
    return this.#consumer.run()
  }

  pause(partition: number): void {
    this.#consumer?.pause(partition)
  }

  resume(partition: number): void {
    this.#consumer?.resume(partition)
  }

  async lag(): Promise<number> {
    return (await this.lags()).reduce((sum, lag) => sum + lag, 0)
  }

  /** By partition, how much lies between the end of reading and the end of the log. */
  async lags(): Promise<number[]> {
    const ranges = await this.ranges()
    return ranges.map(({ high }, partition) => {
      return Math.max(0, high - (this.#positions[partition] ?? high))
    })
  }

  async stop(): Promise<void> {
    await this.#consumer?.stop()
  }
}
