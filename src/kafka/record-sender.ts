/** Sends records to the input topic, for the emulator. */
import { Partitioners, type Producer } from 'kafkajs'
import type { Cluster } from './client.js'
import { kafkaError, quietly, within } from './failures.js'
import { topicRanges } from './topics.js'

export interface OutgoingRecord {
  readonly key: string | null
  readonly value: Uint8Array | null
}

/** A broker that restarts is waited for so long. */
const PATIENCE_MS = 60_000
const CALL_LIMIT_MS = 10_000
const RETRY_MS = 500

/**
 * Sends batches one after another. Where an answer is lost a batch may arrive twice,
 * and in the order of its first time: the books ignore repeated events.
 */
export class RecordSender {
  readonly #cluster: Cluster
  readonly #topic: string
  #producer: Producer | undefined

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.#topic = topic
  }

  /**
   * Resolves when Kafka has the batch.
   *
   * @throws DepthlineError KAFKA_REFUSED, KAFKA_FAILED, KAFKA_UNREACHABLE
   */
  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const messages = records.map(({ key, value }) => ({
      key,
      value: value === null ? null : Buffer.from(value),
    }))
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      try {
        this.#producer ??= await this.#connect()
        const call = this.#producer.send({ topic: this.#topic, messages, acks: -1 })
        await within(CALL_LIMIT_MS, call, `sending to ${this.#topic}`)
        return
      } catch (error) {
        await this.close()
        const failure = kafkaError(error, `sending to ${this.#topic}`)
        if (!failure.retriable || Date.now() > deadline) throw failure
        this.#cluster.log.warn({ reason: failure.message }, 'sending again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer !== undefined) await quietly(producer.disconnect())
  }

  async #connect(): Promise<Producer> {
    // Where one partition of a topic made just now is not led yet, KafkaJS sends the others' records again.
    await topicRanges(this.#cluster, this.#topic)
    const producer = this.#cluster.kafka.producer({
      // Java's partitioner: other clients put the same key into the same partition.
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      // One request at a time keeps the order when one of them has to be repeated.
      maxInFlightRequests: 1,
    })
    await within(CALL_LIMIT_MS, producer.connect(), 'connecting a producer')
    return producer
  }
}
