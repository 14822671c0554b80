/** When each tick reaches a read_committed consumer. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, Kafka } from 'kafkajs'
import { endsOf } from '../src/testing/plain-topic.js'

export interface Arrival {
  readonly tick: number
  readonly arrivedMs: number
  readonly missed: number
  /** Next offset of every input partition. */
  readonly offsets: readonly number[]
  /** A partition's part is older than the tick. */
  readonly isStale: boolean
}

const RECOVERY_LIMIT_MS = 45_000

export class TickWatcher {
  readonly arrivals: Arrival[] = []
  readonly #kafka: Kafka
  readonly #topic: string
  #consumer: Consumer | undefined
  #next = 0
  readonly #waiting = new Set<() => void>()

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka
    this.#topic = topic
  }

  /** Watches with a new consumer, after a broker's end too: KafkaJS does not always come back. */
  async renew(): Promise<void> {
    await this.stop()
    for (;;) {
      try {
        return await this.#start()
      } catch {
        await this.stop()
        await sleep(100)
      }
    }
  }

  async stop(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    await consumer?.disconnect().catch(() => {})
  }

  /**
   * The first tick of a second after `ms`; where that was when a process was killed,
   * only its successor can have published it.
   *
   * @throws Error where none comes
   */
  after(ms: number, limitMs = RECOVERY_LIMIT_MS): Promise<Arrival> {
    return this.where(({ tick }) => tick * 1000 > ms, limitMs)
  }

  async where(isWanted: (arrival: Arrival) => boolean, limitMs = RECOVERY_LIMIT_MS) {
    const deadline = Date.now() + limitMs
    for (;;) {
      const found = this.arrivals.find(isWanted)
      if (found !== undefined) return found
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`no tick in ${limitMs / 1000} s`)
      const stopWaiting = new AbortController()
      const woken = new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
      await Promise.race([woken, sleep(left, undefined, { signal: stopWaiting.signal })])
      stopWaiting.abort()
    }
  }

  async #start(): Promise<void> {
    // It fails where the topic is not there yet.
    await endsOf(this.#kafka, this.#topic)
    const consumer = this.#kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 })
    this.#consumer = consumer
    consumer.on(consumer.events.GROUP_JOIN, () => {
      consumer.seek({ topic: this.#topic, partition: 0, offset: String(this.#next) })
    })
    await consumer.connect()
    await consumer.subscribe({ topic: this.#topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        const offset = Number(message.offset)
        if (offset < this.#next || consumer !== this.#consumer) return
        this.#next = offset + 1
        this.#take(message.headers ?? {})
      },
    })
  }

  #take(headers: Readonly<Record<string, unknown>>): void {
    this.arrivals.push({
      tick: Number(String(headers.tick)),
      missed: Number(String(headers.missed)),
      offsets: Object.values(JSON.parse(String(headers.offsets))).map(Number),
      isStale: headers.stale !== undefined,
      arrivedMs: Date.now(),
    })
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
