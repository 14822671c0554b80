/** Shows a job's positions to lag tools, as the offsets of a group that has no members. */
import { Partitioners, type Producer } from 'kafkajs'
import type { Offsets } from '../wire/records.js'
import type { Cluster } from './client.js'
import { quietly, within } from './failures.js'

const EVERY_MS = 5_000
const CALL_LIMIT_MS = 5_000

/**
 * Nothing depends on these offsets: the progress record is the truth. So they have a producer
 * of their own, whose failures cost no tick and are tried again with the next.
 */
export class PositionPublisher {
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #group: string
  #producer: Producer | undefined
  #last = Number.NEGATIVE_INFINITY
  #isBusy = false

  /** @param group its name is the job's */
  constructor(cluster: Cluster, topic: string, group: string) {
    this.#cluster = cluster
    this.#topic = topic
    this.#group = group
  }

  /** Starts to publish, at most every 5 s; nobody waits for it. */
  offer(offsets: Offsets): void {
    const now = performance.now()
    if (this.#isBusy || now - this.#last < EVERY_MS) return
    this.#last = now
    this.#isBusy = true
    this.#publish(offsets)
      .catch(async (error) => {
        this.#cluster.log.debug({ reason: String(error) }, 'positions not published')
        await this.close()
      })
      .finally(() => {
        this.#isBusy = false
      })
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer !== undefined) await quietly(producer.disconnect())
  }

  async #publish(offsets: Offsets): Promise<void> {
    this.#producer ??= await this.#connect()
    const transaction = await within(CALL_LIMIT_MS, this.#producer.transaction(), 'positions')
    const partitions = offsets.map((offset, partition) => ({ partition, offset: String(offset) }))
    const sent = transaction.sendOffsets({
      consumerGroupId: this.#group,
      topics: [{ topic: this.#topic, partitions }],
    })
    await within(CALL_LIMIT_MS, sent, 'positions')
    await within(CALL_LIMIT_MS, transaction.commit(), 'positions')
  }

  async #connect(): Promise<Producer> {
    const producer = this.#cluster.kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      // Only a transaction can set the offsets of a group without joining it.
      transactionalId: `depthline.${this.#group}.positions`,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { retries: 1 },
    })
    await within(CALL_LIMIT_MS, producer.connect(), 'connecting a producer')
    return producer
  }
}
