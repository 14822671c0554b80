/** The input topic as `run` sees it: every partition from a given offset on. */
import { setFlagsFromString } from 'node:v8'
import { type RecordBatch, RecordList } from '../wire/record-batch.js'
import type { Offsets, PartitionRange } from '../wire/records.js'
import type { Cluster } from './client.js'
import type { FetchThread } from './fetch-thread.js'
import { PartitionConsumer } from './partition-consumer.js'
import type { Share } from './pinned-assigner.js'
import { restAfter } from './rest.js'
import { topicRanges } from './topics.js'

type Handle = (batch: RecordBatch) => Promise<void>

interface Reading {
  pause(partition: number): void
  resume(partition: number): void
  stop(): Promise<void>
}

/**
 * All objects of a fetch live as long as it. V8 learns from that to make their kind where it
 * collects seldom and at length, although they are dead a moment later.
 */
const NO_PRETENURING = '--no-allocation-site-pretenuring'

export class KafkaOrderSource {
  readonly topic: string
  readonly #cluster: Cluster
  readonly #job: string
  readonly #threads: readonly FetchThread[]
  readonly #share: Share | undefined
  /** Past records and markers alike. */
  #positions: number[] = []
  /** Partition p is read by number p modulo their count. */
  #readings: Reading[] = []

  /**
   * @param job begins the names of the consumers' own groups
   * @param threads that fetch and decode; none where this one does
   * @param share the partitions to read, where these are not all; the others look empty. Not with threads
   */
  constructor(
    cluster: Cluster,
    options: { topic: string; job: string; threads: readonly FetchThread[]; share?: Share },
  ) {
    this.#cluster = cluster
    this.topic = options.topic
    this.#job = options.job
    this.#share = options.share
    setFlagsFromString(NO_PRETENURING)
    this.#threads = options.threads
    const { topic, job } = options
    for (const thread of this.#threads) thread.connect({ settings: cluster.settings, topic, job })
    this.#readings = [...this.#threads]
  }

  /** @throws DepthlineError TOPIC_MISSING */
  async ranges(): Promise<PartitionRange[]> {
    const ranges = await topicRanges(this.#cluster, this.topic)
    const { index, count } = this.#share ?? { index: 0, count: 1 }
    const none = { low: 0, high: 0 }
    return ranges.map((range, partition) => (partition % count === index ? range : none))
  }

  /** @throws DepthlineError LOG_LOST where what comes next is gone, or what `handle` throws */
  async consume(from: Offsets, handle: Handle): Promise<void> {
    this.#positions = [...from]
    if (this.#threads.length === 0) await this.#readHere(handle)
    else await this.#readInThreads(handle)
  }

  pause(partition: number): void {
    this.#readingOf(partition)?.pause(partition)
  }

  resume(partition: number): void {
    this.#readingOf(partition)?.resume(partition)
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
    await Promise.all(this.#readings.map((reading) => reading.stop()))
  }

  #readHere(handle: Handle): Promise<void> {
    const consumer = new PartitionConsumer(this.#cluster, {
      topic: this.topic,
      job: this.#job,
      positions: this.#positions,
      ...(this.#share === undefined ? {} : { share: this.#share }),
      overlap: 1,
      handle: async ({ partition, records }) => {
        await handle(new RecordList(partition, records))
        await restAfter(records.length)
      },
    })
    this.#readings = [consumer]
    return consumer.run()
  }

  async #readInThreads(handle: Handle): Promise<void> {
    const positions = [...this.#positions]
    // A thread without a partition would have nothing to do.
    const threads = this.#threads.slice(0, positions.length)
    await Promise.all(this.#threads.slice(positions.length).map((thread) => thread.stop()))
    this.#readings = threads
    const onPosition = (partition: number, position: number) => {
      this.#positions[partition] = position
    }
    const runs = threads.map((thread, index) => {
      const start = { positions, share: { index, count: threads.length } }
      return thread.run(start, { handle, onPosition })
    })
    await Promise.all(runs)
  }

  #readingOf(partition: number): Reading | undefined {
    return this.#readings[partition % this.#readings.length]
  }
}
