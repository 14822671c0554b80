/** The load: a state of open orders, then about 100 events a second that amend, close and break. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs'
import { Random } from '../src/testing/random.js'

export const PARTITIONS = 4
const SYMBOLS = ['BTC-USDT', 'ETH-USDT']
const PRELOAD_SEND = 4_000
const EVENTS_A_SEND = 10
const SEND_EVERY_MS = 100
const RETRY_MS = 100

interface LoadEvent {
  readonly id: number
  readonly value: string
}

/** Events of one book; all of an order's go into one partition, keyed by its id. */
export class Load {
  /** What Kafka has acknowledged, by `partition:offset`. */
  readonly acknowledged = new Map<string, string>()
  readonly #producer: Producer
  readonly #topic: string
  readonly #random: Random
  readonly #live: number[] = []
  readonly #closed: number[] = []
  #nextId = 1
  #isStopped = false
  #running: Promise<void> | undefined

  private constructor(producer: Producer, topic: string, seed: number) {
    this.#producer = producer
    this.#topic = topic
    this.#random = new Random(seed)
  }

  static async open(kafka: Kafka, topic: string, seed: number): Promise<Load> {
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      retry: { retries: 0 },
    })
    await producer.connect()
    return new Load(producer, topic, seed)
  }

  /** Opens so many orders, far from the top of the book. */
  async preload(orders: number): Promise<void> {
    for (let sent = 0; sent < orders; sent += PRELOAD_SEND) {
      const count = Math.min(PRELOAD_SEND, orders - sent)
      await this.#send(Array.from({ length: count }, () => this.#open(this.#nextId++, 5_000)))
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Ends when the last event is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
    await this.#producer.disconnect()
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const startedMs = performance.now()
      await this.#send(Array.from({ length: EVENTS_A_SEND }, () => this.#next()))
      await sleep(Math.max(0, SEND_EVERY_MS - (performance.now() - startedMs)))
    }
  }

  /** Sends until it is acknowledged; what comes twice that way is input like any other. */
  async #send(events: readonly LoadEvent[]): Promise<void> {
    const byPartition = Array.from({ length: PARTITIONS }, (): Message[] => [])
    for (const { id, value } of events) {
      byPartition[id % PARTITIONS]!.push({ key: String(id), value, partition: id % PARTITIONS })
    }
    for (;;) {
      try {
        const answer = await this.#producer.send({
          topic: this.#topic,
          messages: byPartition.flat(),
        })
        for (const { partition, baseOffset } of answer) {
          for (const [index, { value }] of byPartition[partition]!.entries()) {
            this.acknowledged.set(`${partition}:${Number(baseOffset) + index}`, String(value))
          }
        }
        return
      } catch {
        await sleep(RETRY_MS)
        await this.#producer.connect().catch(() => {})
      }
    }
  }

  #next(): LoadEvent {
    const kind = this.#random.below(100)
    if (kind < 55 || this.#live.length < 20) return this.#open(this.#nextId++, 20)
    if (kind < 70) return this.#open(this.#random.pick(this.#live), 20)
    if (kind < 92) return this.#close()
    return this.#faulty(kind)
  }

  /** New, or amended where the id is open: near the middle, or up to `depth` away from it. */
  #open(id: number, depth: number): LoadEvent {
    const isBuy = id % 8 < 4
    const away = (this.#random.below(depth * 100) + 1) / 100
    const price = (isBuy ? 30_000 - away : 30_000 + away).toFixed(2)
    const size = `${this.#random.below(9)}.${this.#random.below(9_999) + 1}1`
    if (!this.#live.includes(id) && depth < 100) this.#live.push(id)
    return { id, value: openText({ id, side: isBuy ? 'BUY' : 'SELL', size, price }) }
  }

  #close(): LoadEvent {
    const [id = 0] = this.#live.splice(this.#random.below(this.#live.length), 1)
    this.#closed.push(id)
    return { id, value: closedText(id) }
  }

  /** Broken, refused or repeated. */
  #faulty(kind: number): LoadEvent {
    const closed = this.#closed.at(-1) ?? 1
    const live = this.#random.pick(this.#live)
    if (kind < 94) return { id: closed, value: closedText(closed) }
    if (kind < 96) return this.#open(closed, 200)
    if (kind < 97) return { id: live, value: openText({ id: live, symbol: 'XRP-USDT' }) }
    if (kind < 98) return { id: live, value: `{"order_id":${live},"status":"OPEN"}` }
    return { id: live, value: `{"order_id":${live}, broken` }
  }
}

function openText(order: {
  id: number
  symbol?: string
  side?: string
  size?: string
  price?: string
}): string {
  const { id, side = 'BUY', size = '1', price = '100' } = order
  const symbol = order.symbol ?? SYMBOLS[id % SYMBOLS.length]!
  const created = Math.floor(Date.now() / 1000)
  return (
    `{"order_id":${id},"symbol":"${symbol}","order_side":"${side}",` +
    `"size":${size},"price":${price},"status":"OPEN","created_at":${created}}`
  )
}

function closedText(id: number): string {
  return `{"order_id":${id},"status":"CLOSED","created_at":${Math.floor(Date.now() / 1000)}}`
}
