/** Live orders at a steady rate from a process of its own, with probe orders whose way out can be followed. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { type OrderRecord, orderEvents, partitionOf, WARM_EVENTS } from './events.js'

const OWN_PATH = fileURLToPath(import.meta.url)
/** No divisor of a second, so that probes come at every part of one. */
const PROBE_EVERY_MS = 173
const STEP_MS = 10
const FIRST_PROBE_ID = 1_000_000_000
/** A probe as the producer tells of it. */
type Sent = [probe: number, sentMs: number]

export interface LiveOptions {
  readonly brokers: string
  readonly topic: string
  readonly partitions: number
  /** Events a second, probes not counted. */
  readonly rate: number
  readonly seconds: number
}

export class LiveOrders {
  /** Probes that no message has shown yet, with the time they were sent. */
  readonly #waiting = new Map<number, number>()
  readonly latenciesMs: number[] = []
  readonly #child: ChildProcess
  readonly ended: Promise<unknown>

  constructor(options: LiveOptions) {
    this.#child = fork(OWN_PATH, [JSON.stringify(options)])
    this.#child.on('message', ([probe, sentMs]: Sent) => this.#waiting.set(probe, sentMs))
    this.ended = once(this.#child, 'exit')
  }

  /** Takes note of the probes that a message is the first to show. */
  look(message: Buffer, arrivedMs: number): void {
    for (const [probe, sentMs] of this.#waiting) {
      if (!message.includes(`"price":${probePrice(probe)},`)) continue
      this.latenciesMs.push(arrivedMs - sentMs)
      this.#waiting.delete(probe)
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  get unseen(): number {
    return this.#waiting.size
  }
}

/** A level of its own, far below the market: 1.0001, 1.0002, … without trailing zeros. */
function probePrice(probe: number): string {
  return String((10_000 + probe) / 10_000)
}

function probeOrder(probe: number): OrderRecord {
  const key = String(FIRST_PROBE_ID + probe)
  const text = `{"order_id":${key},"symbol":"BTC-USDT","order_side":"BUY","size":1,"price":${probePrice(probe)},"status":"OPEN","created_at":1700000000}`
  return { key, value: Buffer.from(text) }
}

async function produce({ brokers, topic, partitions, rate, seconds }: LiveOptions): Promise<void> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const createPartitioner = Partitioners.DefaultPartitioner
  const producer = kafka.producer({ createPartitioner, maxInFlightRequests: 1 })
  await producer.connect()
  const next = orderEvents()
  for (let event = 0; event < WARM_EVENTS; event++) next()
  const send = (records: readonly OrderRecord[]) => {
    const messages = records.map(({ key, value }) => {
      return { key, value, partition: partitionOf(key, partitions) }
    })
    return producer.send({ topic, messages, acks: 1 })
  }
  const everyMs = rate <= 1000 ? 100 : STEP_MS
  const begun = performance.now()
  let [sent, probes] = [0, 0]
  for (let at = 0; at < seconds * 1000; at += STEP_MS) {
    await sleep(begun + at - performance.now())
    if (at >= (probes + 1) * PROBE_EVERY_MS) {
      process.send!([++probes, Date.now()] satisfies Sent)
      await send([probeOrder(probes)])
    }
    if (at % everyMs > 0) continue
    const due = Math.round((rate * (at + everyMs)) / 1000) - sent
    if (due > 0) await send(Array.from({ length: due }, next))
    sent += due
  }
  await producer.disconnect()
}

if (process.argv[1] === OWN_PATH) {
  await produce(JSON.parse(process.argv[2]!))
  process.disconnect()
}
