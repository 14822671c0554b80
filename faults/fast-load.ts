/** Thousands of keyed events a second, each sent until Kafka acknowledges it on all copies that are in sync. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs'
import { OrderGenerator } from '../src/jobs/order-generator.js'

const SYMBOLS = ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT']
const FAULTS = 0.01
const SEND_EVERY_MS = 100
const RETRY_MS = 100
/** Sends behind the rate are made up for, but not after a long break all at once. */
const MAX_BEHIND_SENDS = 20

export interface FastLoadOptions {
  readonly topic: string
  readonly partitions: number
  /** Events a second. */
  readonly rate: number
  readonly seed: number
}

export class FastLoad {
  /** What Kafka has acknowledged, by `partition:offset`. */
  readonly acknowledged = new Map<string, string>()
  readonly #producer: Producer
  readonly #options: FastLoadOptions
  readonly #generator: OrderGenerator
  #isStopped = false
  #running: Promise<void> | undefined

  private constructor(producer: Producer, options: FastLoadOptions) {
    this.#producer = producer
    this.#options = options
    const { seed } = options
    const book = { symbols: SYMBOLS, openOrders: 5_000, closeRatio: 0.45 }
    this.#generator = new OrderGenerator({ seed, ...book, faults: FAULTS })
  }

  static async open(kafka: Kafka, options: FastLoadOptions): Promise<FastLoad> {
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      metadataMaxAge: 2_000,
      retry: { retries: 0 },
    })
    await producer.connect()
    return new FastLoad(producer, options)
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Sends so many at once. */
  async send(count: number): Promise<void> {
    const { topic, partitions } = this.#options
    const createdAt = Math.floor(Date.now() / 1000)
    const byPartition = Array.from({ length: partitions }, (): Message[] => [])
    for (let sent = 0; sent < count; sent++) {
      const { key, value } = this.#generator.next(createdAt)
      const partition = partitionOf(key, partitions)
      const bytes = value && Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      byPartition[partition]!.push({ key, value: bytes, partition })
    }
    // A request of one partition: where one broker is gone, the others go on.
    const sends = byPartition.filter((messages) => messages.length > 0)
    await Promise.all(sends.map((messages) => this.#sendOne(topic, messages)))
  }

  /** Ends when the last event is acknowledged; @returns how many there were a second */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
    await this.#producer.disconnect()
  }

  async #run(): Promise<void> {
    const { rate } = this.#options
    const count = Math.round((rate * SEND_EVERY_MS) / 1000)
    for (let dueMs = performance.now(); !this.#isStopped; dueMs += SEND_EVERY_MS) {
      dueMs = Math.max(dueMs, performance.now() - MAX_BEHIND_SENDS * SEND_EVERY_MS)
      await this.send(count)
      await sleep(Math.max(0, dueMs + SEND_EVERY_MS - performance.now()))
    }
  }

  /** Sends until it is acknowledged; what comes twice that way is input like any other. */
  async #sendOne(topic: string, messages: readonly Message[]): Promise<void> {
    for (;;) {
      try {
        const [answer] = await this.#producer.send({ topic, messages: [...messages], acks: -1 })
        for (const [index, { value }] of messages.entries()) {
          const place = `${answer!.partition}:${Number(answer!.baseOffset) + index}`
          this.acknowledged.set(place, String(value))
        }
        return
      } catch {
        await sleep(RETRY_MS)
        await this.#producer.connect().catch(() => {})
      }
    }
  }
}

/** Keys are numbers, and a fault changes no key. */
function partitionOf(key: string, partitions: number): number {
  return Number(key) % partitions
}
