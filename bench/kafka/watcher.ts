/** A read_committed consumer of the ticks, which knows when each came and what it covers. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, Kafka, KafkaMessage } from 'kafkajs'
import type { Engine } from './engine.js'

export interface SeenTick {
  /** The epoch second that it is the book of. */
  readonly tick: number
  readonly arrivedMs: number
  /** How many records of the input it is made of. */
  readonly applied: number
  /** Seconds that its oldest part is behind it; 0 where none is. */
  readonly staleS: number
}

const LIMIT_S = 180

export class TickWatcher {
  readonly ticks: SeenTick[] = []
  /** Called with each tick and the bytes of its message. */
  onTick: ((tick: SeenTick, message: Buffer) => void) | undefined
  readonly #consumer: Consumer

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  /** The topic must be there already. */
  static async start(kafka: Kafka, topic: string): Promise<TickWatcher> {
    const consumer = kafka.consumer({
      groupId: `watcher-${topic}`,
      maxWaitTimeInMs: 100,
      maxBytesPerPartition: 16 * 1024 * 1024,
    })
    const watcher = new TickWatcher(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message }) => watcher.#take(message) })
    return watcher
  }

  /** The first tick that is wanted; an engine that ends before is an error, with its log. */
  async until(engine: Engine, isWanted: (tick: SeenTick) => boolean): Promise<SeenTick> {
    for (let waitedMs = 0; waitedMs < LIMIT_S * 1000; waitedMs += 20) {
      const found = this.ticks.find(isWanted)
      if (found !== undefined) return found
      if (engine.hasEnded) break
      await sleep(20)
    }
    throw new Error(`the tick never came; the end of the log:\n${engine.log().slice(-1500)}`)
  }

  async stop(): Promise<void> {
    await this.#consumer.disconnect()
  }

  #take({ headers = {}, value }: KafkaMessage): void {
    const offsets = Object.values(JSON.parse(String(headers.offsets)) as Record<string, number>)
    const applied = offsets.reduce((sum, offset) => sum + offset, 0)
    const ages = Object.values(JSON.parse(String(headers.stale ?? '{}')) as Record<string, number>)
    const staleS = Math.max(0, ...ages)
    const tick = { tick: Number(headers.tick), arrivedMs: Date.now(), applied, staleS }
    this.ticks.push(tick)
    this.onTick?.(tick, value!)
  }
}

/** Times between consecutive arrivals. */
export function intervalsMs(ticks: readonly SeenTick[]): number[] {
  return ticks.slice(1).map(({ arrivedMs }, index) => arrivedMs - ticks[index]!.arrivedMs)
}
