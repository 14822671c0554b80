/** Reads chosen offsets of one topic, in groups of its own that nobody else joins. */
import { randomUUID } from 'node:crypto'
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import type { Client, Cluster } from './client.js'
import { ConsumerWatch } from './consumer-watch.js'
import { quietly, refused, within } from './failures.js'
import { pinnedAssigner, type Share } from './pinned-assigner.js'
import { asFailure, assertStillThere, isSettling, lost } from './read-failures.js'
import { topicRanges } from './topics.js'

export interface PartitionBatch {
  readonly partition: number
  readonly records: readonly KafkaMessage[]
}

export interface PartitionConsumerOptions {
  readonly topic: string
  /** Begins the group's name; lag tools show it. */
  readonly job: string
  /** Where to start, by partition number; kept up to date as batches are done with. */
  readonly positions: number[]
  /** Which partitions are read; default: all. */
  readonly share?: Share
  /** How many records before a position come once more whenever reading begins, if they are kept. */
  readonly overlap?: number
  /** Takes a batch; each record comes once, and the next batch of its partition when this resolves. */
  handle(batch: PartitionBatch): Promise<void>
  /** Called when a position has moved, also past records that carry no data. */
  onPosition?(partition: number): void
}

const ALL: Share = { index: 0, count: 1 }
const START_LIMIT_MS = 30_000
const RETRY_MS = 200

/**
 * KafkaJS has no assign(): a group with a fresh name and one member comes closest.
 * It joins in 0.1 s, where rejoining a shared group after a kill costs a session timeout.
 *
 * KafkaJS's own restart after an error has been seen to hang for ever, so a
 * consumer that fails, or stops fetching, is thrown away for a new one.
 */
export class PartitionConsumer {
  readonly #cluster: Cluster
  readonly #options: PartitionConsumerOptions
  /** Past the records handed over, by partition; ahead of the positions while a batch is worked on. */
  readonly #handed: number[]
  #consumer: Consumer | undefined
  /** Of the consumer that reads now. */
  #watch: ConsumerWatch | undefined
  #isStopped = false
  /** What `handle` threw: the end. */
  #refusal: { readonly error: unknown } | undefined
  /** By partition, the end of the work on the batch that was handed over last. */
  readonly #inHand: Promise<void>[] = []
  readonly #paused = new Set<number>()
  /** The consumer once it has joined; before that it can pause nothing. */
  #joined: Consumer | undefined

  constructor(cluster: Cluster, options: PartitionConsumerOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#handed = [...options.positions]
  }

  /** Reads until {@link stop}; rejects where it cannot go on, or where `handle` threw. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        // A batch of a consumer that was thrown away may have been refused since.
        if (this.#refusal !== undefined) throw this.#refusal.error
        await this.#consume()
      } catch (error) {
        if (this.#refusal !== undefined) throw this.#refusal.error
        if (this.#isStopped) return
        if (!(error instanceof DepthlineError && error.retriable)) throw error
        const level = isSettling(error) ? 'info' : 'warn'
        this.#cluster.log[level]({ reason: error.message }, 'starting to read again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        await assertStillThere(this.#cluster, this.#options.topic)
      } finally {
        await this.#discard()
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#watch?.fail(new Error('stopped'))
    await this.#discard()
  }

  /** Fetches nothing more of a partition, while the others go on, until {@link resume}. */
  pause(partition: number): void {
    this.#paused.add(partition)
    this.#joined?.pause([{ topic: this.#options.topic, partitions: [partition] }])
  }

  resume(partition: number): void {
    if (!this.#paused.delete(partition)) return
    this.#joined?.resume([{ topic: this.#options.topic, partitions: [partition] }])
  }

  async #discard(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    this.#joined = undefined
    if (consumer !== undefined) await quietly(consumer.disconnect())
  }

  /** Reads with one consumer until it fails: a retriable error where a new one may do better. */
  async #consume(): Promise<void> {
    const { topic, positions } = this.#options
    const client = this.#cluster.newClient()
    const consumer = this.#newConsumer(client)
    this.#consumer = consumer
    const watch = new ConsumerWatch(consumer, topic)
    this.#watch = watch
    this.#follow(consumer, watch)
    const start = async () => {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: positions.length,
        eachBatch: (payload) => this.#takeBatch(payload, watch),
      })
    }
    try {
      const started = within(START_LIMIT_MS, start(), `reading ${topic}`)
      await Promise.race([started, watch.failed])
      await watch.failed
    } catch (error) {
      const said = client.refusal()
      if (said === undefined) throw asFailure(error, topic)
      throw refused(`reading ${topic} in groups of ${this.#options.job}.`, said, error)
    } finally {
      watch.isTrusted = false
      watch.end()
    }
  }

  #newConsumer({ kafka }: Client): Consumer {
    const { job, share } = this.#options
    return kafka.consumer({
      groupId: `${job}.${randomUUID()}`,
      // KafkaJS makes all records of a fetch at one go, so a larger fetch holds the loop for longer
      // and takes more memory. Its broker client shuffles the partitions: none has to wait for ever.
      maxBytes: 1024 * 1024,
      maxBytesPerPartition: 1024 * 1024,
      // A record that comes ends the wait, so a longer one costs no latency, and an idle process
      // half the CPU of ten a second. It is also how long all partitions stay paused after a resume.
      maxWaitTimeInMs: 250,
      sessionTimeout: 30_000,
      // Added partitions are noticed this soon.
      metadataMaxAge: 30_000,
      readUncommitted: false,
      ...(share === undefined ? {} : { partitionAssigners: [pinnedAssigner(share)] }),
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5, restartOnFailure: never },
    })
  }

  #follow(consumer: Consumer, watch: ConsumerWatch): void {
    const { topic, positions, share = ALL, overlap = 0 } = this.#options
    const { GROUP_JOIN, END_BATCH_PROCESS } = consumer.events
    // A rejoin resets KafkaJS's positions, so ours are set again each time.
    consumer.on(GROUP_JOIN, () => {
      for (const [partition, position] of positions.entries()) {
        if (partition % share.count !== share.index) continue
        // Past the last record there may be markers, which are no records to come once more.
        const offset = Math.max(0, Math.min(position, this.#handed[partition]!) - overlap)
        consumer.seek({ topic, partition, offset: String(offset) })
      }
      if (this.#consumer === consumer) this.#joined = consumer
      if (this.#paused.size > 0) consumer.pause([{ topic, partitions: [...this.#paused] }])
      watch.joined()
    })
    // It never calls eachBatch where a fetch held control records or aborted ones alone.
    consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      if (watch.isTrusted) this.#moveTo(payload.partition, Number(payload.lastOffset) + 1)
    })
  }

  async #takeBatch({ batch }: EachBatchPayload, watch: ConsumerWatch): Promise<void> {
    if (this.#isStopped || !watch.isTrusted) return
    watch.batchBegun()
    try {
      // A consumer that was thrown away may have left a batch in hand: the next one waits for it.
      const work = (this.#inHand[batch.partition] ?? Promise.resolve()).then(() =>
        this.#handOver(batch.partition, batch.messages),
      )
      this.#inHand[batch.partition] = work.catch(() => {})
      await work
    } catch (error) {
      // Thrown into KafkaJS it would be retried; the batch must not come again.
      this.#refusal = { error }
      this.#watch?.fail(error)
    } finally {
      watch.batchDone()
    }
  }

  async #handOver(partition: number, messages: readonly KafkaMessage[]): Promise<void> {
    const { topic, positions, overlap = 0, handle } = this.#options
    const handed = this.#handed[partition]
    if (handed === undefined) {
      throw lost(topic, `has a new partition ${partition}: their number must stay as it was`)
    }
    if (messages.length === 0) return
    const first = Number(messages[0]!.offset)
    const expected = Math.max(handed, positions[partition]!)
    const isNext = first === expected || first === expected - overlap
    if (!isNext) await this.#assertInRange(partition, expected)
    const from = expected - overlap
    const records =
      first >= from ? messages : messages.filter(({ offset }) => Number(offset) >= from)
    if (records.length === 0) return
    this.#handed[partition] = Math.max(expected, Number(records.at(-1)!.offset) + 1)
    await handle({ partition, records })
  }

  /**
   * A gap may be a compacted or aborted record, and what comes before the position is
   * passed over. But where the position itself is gone, KafkaJS jumps without a word.
   */
  async #assertInRange(partition: number, position: number): Promise<void> {
    const { topic } = this.#options
    const range = (await topicRanges(this.#cluster, topic))[partition]
    if (range !== undefined && range.low <= position && position <= range.high) return
    throw lost(
      topic,
      `holds offsets ${range?.low} to ${range?.high} in partition ${partition}, and ${position} was to be read next`,
    )
  }

  #moveTo(partition: number, position: number): void {
    const { positions, onPosition } = this.#options
    const hasEnded = this.#isStopped || this.#refusal !== undefined
    if (hasEnded || position <= positions[partition]!) return
    positions[partition] = position
    onPosition?.(partition)
  }
}

const never = async () => false
