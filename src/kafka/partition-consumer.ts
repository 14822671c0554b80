/** Reads chosen offsets of one topic, in a group of its own that nobody else joins. */
import { randomUUID } from 'node:crypto'
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import { type Cluster, kafkaError, quietly, within } from './client.js'

const START_LIMIT_MS = 30_000

export interface PartitionBatch {
  readonly partition: number
  /** Never empty of records that the position has passed; may be empty of any. */
  readonly records: readonly KafkaMessage[]
}

export interface PartitionConsumerOptions {
  readonly topic: string
  /** Begins the group's name; lag tools show it. */
  readonly job: string
  /** Where to start, by partition number; kept up to date as batches are done with. */
  readonly positions: number[]
  /** Hands over a batch; the next one of that partition comes when it resolves. */
  handle(batch: PartitionBatch): Promise<void>
  /** Called when a position has moved, also past records that carry no data. */
  onPosition?(partition: number): void
}

/**
 * KafkaJS has no assign(): a group with a fresh name and one member comes closest.
 * It joins in 0.1 s, where rejoining a shared group after a kill costs a session timeout.
 */
export class PartitionConsumer {
  readonly #options: PartitionConsumerOptions
  readonly #consumer: Consumer
  #fail: (error: unknown) => void = () => {}
  readonly #log: Cluster['log']
  #isStopped = false

  constructor({ kafka, log }: Cluster, options: PartitionConsumerOptions) {
    this.#options = options
    this.#log = log
    this.#consumer = kafka.consumer({
      groupId: `${options.job}.${randomUUID()}`,
      // 1 MB a partition was faster and smaller than 4 or 8.
      maxBytesPerPartition: 1024 * 1024,
      maxWaitTimeInMs: 100,
      sessionTimeout: 30_000,
      readUncommitted: false,
      retry: {
        initialRetryTime: 50,
        maxRetryTime: 1_000,
        retries: 10,
        restartOnFailure: async (error) => mayPass(error),
      },
    })
  }

  /** Reads until {@link stop}; rejects where it cannot go on, or where `handle` threw. */
  async run(): Promise<void> {
    const { topic, positions } = this.#options
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    failed.catch(() => {})
    this.#follow()
    try {
      await within(START_LIMIT_MS, this.#consumer.connect(), `reading ${topic}`)
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: true })
      await this.#consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: positions.length,
        eachBatch: (payload) => this.#takeBatch(payload),
      })
    } catch (error) {
      throw kafkaError(error, `reading ${topic}`)
    }
    await failed
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await quietly(this.#consumer.disconnect())
  }

  #follow(): void {
    const { topic, positions } = this.#options
    const { GROUP_JOIN, CRASH, END_BATCH_PROCESS } = this.#consumer.events
    // A rejoin resets KafkaJS's positions, so ours are set again each time.
    this.#consumer.on(GROUP_JOIN, () => {
      for (const [partition, offset] of positions.entries()) {
        this.#consumer.seek({ topic, partition, offset: String(offset) })
      }
    })
    // KafkaJS starts again by itself after errors that may pass; after others it lives on and does nothing.
    this.#consumer.on(CRASH, ({ payload }) => {
      const failure = kafkaError(payload.error, `reading ${topic}`)
      if (payload.restart) this.#log.warn({ reason: failure.message }, 'starting to read again')
      else this.#fail(failure)
    })
    // It never calls eachBatch where a fetch held control records or aborted ones alone.
    this.#consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      this.#moveTo(payload.partition, Number(payload.lastOffset) + 1)
    })
  }

  async #takeBatch({ batch }: EachBatchPayload): Promise<void> {
    if (this.#isStopped) return
    try {
      const position = this.#options.positions[batch.partition]
      if (position === undefined) {
        throw new DepthlineError(
          'LOG_LOST',
          `topic ${batch.topic} has a new partition ${batch.partition}: the number of partitions must stay as it was`,
        )
      }
      const records = batch.messages
      const isAhead = records.length === 0 || Number(records[0]!.offset) >= position
      await this.#options.handle({
        partition: batch.partition,
        records: isAhead ? records : records.filter(({ offset }) => Number(offset) >= position),
      })
    } catch (error) {
      // Thrown into KafkaJS it would be retried; the batch must not come again.
      this.#isStopped = true
      this.#fail(error)
    }
  }

  #moveTo(partition: number, position: number): void {
    const { positions, onPosition } = this.#options
    if (this.#isStopped || position <= positions[partition]!) return
    positions[partition] = position
    onPosition?.(partition)
  }
}

/** A broker that is away comes back; KafkaJS gives up on some errors that only say it is away. */
function mayPass(error: Error): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (/Connection|Timeout|Retries|BrokerNotFound|Coordinator|Metadata/.test(cause.name))
      return true
  }
  return false
}
