/** The input as a process reads it: batches of any size at any time, and breaks. */
import type { OrderSource } from '../../jobs/ports.js'
import { type RecordBatch, RecordList } from '../../wire/record-batch.js'
import type { Offsets, PartitionRange } from '../../wire/records.js'
import { type InputLog, TOPIC } from './input-log.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

type Handle = (batch: RecordBatch) => Promise<void>

export class SimulatedOrderSource implements OrderSource {
  readonly topic = TOPIC
  readonly #world: World
  readonly #process: SimulatedProcess
  readonly #only: number | undefined
  #positions: number[] = []
  /** Past the records handed over, while a batch is worked on. */
  #handed: number[] = []
  #inHand: Promise<void>[] = []
  readonly #paused = new Set<number>()
  /** Counts the consumers; 0 while nothing is read. */
  #session = 0
  #isStopped = false
  #handle: Handle = async () => {}
  #resolve: () => void = () => {}
  #reject: (error: unknown) => void = () => {}

  /** @param only the partition to read, where that is not all; the others look empty */
  constructor(world: World, process: SimulatedProcess, only?: number) {
    this.#world = world
    this.#process = process
    this.#only = only
  }

  async ranges(): Promise<readonly PartitionRange[]> {
    const { network, input } = this.#world
    const ranges = await network.call(this.#process, 'ranges', () => this.#rangesOf(input))
    this.#process.ranges = ranges
    this.#process.base = ranges.map(({ low }) => low)
    return ranges
  }

  consume(from: Offsets, handle: Handle): Promise<void> {
    this.#positions = [...from]
    this.#handed = [...from]
    this.#handle = handle
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#join()
    })
  }

  /** Reading passes what is no record. */
  lag(): Promise<number> {
    const { network, input } = this.#world
    return network.call(this.#process, 'lag', () => {
      const ends = input.ends()
      return this.#shareOf(ends).reduce(
        (lag, partition) => lag + Math.max(0, ends[partition]! - this.#positions[partition]!),
        0,
      )
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#process.sleep(this.#world.random.below(50))
    this.#resolve()
  }

  /** The connection breaks, and reading goes on at the last record that was handed over. */
  break(): void {
    if (this.#session === 0 || this.#isStopped) return
    this.#session++
    this.#process.after(this.#world.random.below(1_200), () => this.#join())
  }

  pause(partition: number): void {
    this.#paused.add(partition)
  }

  resume(partition: number): void {
    this.#paused.delete(partition)
  }

  #isOwn(partition: number): boolean {
    return this.#only === undefined || partition === this.#only
  }

  #rangesOf(input: InputLog): PartitionRange[] {
    return input
      .ranges()
      .map((range, partition) => (this.#isOwn(partition) ? range : { low: 0, high: 0 }))
  }

  #shareOf(cursors: readonly number[]): number[] {
    return [...cursors.keys()].filter((partition) => this.#isOwn(partition))
  }

  #join(): void {
    const session = ++this.#session
    const cursors = this.#positions.map((position, partition) => {
      return Math.max(0, Math.min(position, this.#handed[partition]!) - 1)
    })
    this.#read(cursors, session).catch(this.#reject)
  }

  /** As KafkaJS does: it fetches anew only when every batch of the fetch before is done with. */
  async #read(cursors: number[], session: number): Promise<void> {
    const { random, network } = this.#world
    await Promise.all(this.#inHand)
    for (;;) {
      await this.#process.sleep(random.chance(0.7) ? random.below(120) : random.below(600))
      if (session !== this.#session || this.#isStopped) return
      if (network.isAway) continue
      const fetched = this.#shareOf(cursors).filter(() => random.chance(0.8))
      await Promise.all(fetched.map((partition) => this.#handOver(partition, cursors, session)))
    }
  }

  async #handOver(partition: number, cursors: number[], session: number): Promise<void> {
    const { random, input } = this.#world
    if (this.#paused.has(partition)) return
    const cursor = cursors[partition]!
    const position = this.#positions[partition]!
    const place = { cursor, position, count: 1 + random.below(random.chance(0.5) ? 5 : 100) }
    const records = input.fetch(partition, place)
    if (records.length === 0) return
    await this.#process.sleep(random.below(60))
    if (session !== this.#session || this.#isStopped) return
    const next = Number(records.at(-1)!.offset) + 1
    cursors[partition] = next
    this.#handed[partition] = next
    const work = this.#handle(new RecordList(partition, records))
    this.#inHand[partition] = work.catch(() => {})
    await work
    this.#positions[partition] = Math.max(next, position)
  }
}
