/** Any keyed stream through one to eight shards and a merger against one process: every message, byte for byte. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChangedLevels } from '../book/changed-levels.js'
import { MergedBooks } from '../book/merged-books.js'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { anyEvents, type PlainEvent } from '../testing/arbitrary-events.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import { levelRecords, readLevelRecord } from '../wire/level-record.js'
import { finish } from '../wire/steps.js'
import { TickPrinter } from '../wire/tick-message.js'
import { OrderProcessor } from './order-processor.js'

/** `make merged STREAMS=5000` tries more. */
const STREAMS = Number(process.env.STREAMS ?? 1_000)

/** What is done after an event: nothing, or each shard commits, perhaps in vain. */
const anyStep = fc.record({ isTick: fc.boolean(), failing: fc.nat(255) })

const TIMEOUT_MS = 20 * STREAMS + 30_000

test('the merged message is that of one process, whatever the shards fail to commit between', {
  timeout: TIMEOUT_MS,
}, () => {
  const anyStream = fc.integer({ min: 1, max: 8 }).chain((shards) =>
    fc.record({
      shards: fc.constant(shards),
      events: anyEvents(1, 60),
      steps: fc.array(anyStep, { maxLength: 60 }),
      levels: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
    }),
  )
  fc.assert(
    fc.property(anyStream, ({ shards, events, steps, levels }) => {
      const world = new World(shards, levels)
      for (const [index, event] of events.entries()) {
        world.apply(event)
        const { isTick = false, failing = 0 } = steps[index] ?? {}
        if (!isTick) continue
        world.commit(failing)
        world.commit(0)
        world.compare()
      }
      world.commit(0)
      world.compare()
    }),
    { numRuns: STREAMS },
  )
})

class World {
  readonly #whole: OrderProcessor
  readonly #shards: { readonly processor: OrderProcessor; readonly changed: ChangedLevels }[]
  readonly #merged = new MergedBooks()
  readonly #printer: TickPrinter

  constructor(shards: number, levels: number) {
    // A window that forgets: what one partition forgets must not depend on the others.
    const limits = { ...DEFAULT_LIMITS, closedWindow: 3 }
    this.#whole = new OrderProcessor({ levels, limits, seed: 1 })
    this.#printer = new TickPrinter(this.#merged, levels)
    this.#shards = Array.from({ length: shards }, (_, seed) => {
      const changedLevels = new ChangedLevels()
      changedLevels.isCollecting = true
      const processor = new OrderProcessor({ levels: 1, limits, seed, changedLevels })
      return { processor, changed: changedLevels }
    })
  }

  /** The event goes to its id's partition, as a keyed topic has it. */
  apply(event: PlainEvent): void {
    const partition = hashOf(String(event.id)) % this.#shards.length
    const bytes = event.open ? openRecord(event) : closedRecord(event.id)
    this.#whole.accept(bytes, 0, bytes.length, partition)
    this.#shards[partition]!.processor.accept(bytes, 0, bytes.length, partition)
  }

  /** Each shard publishes what has changed, but for those whose bit in `failing` is set. */
  commit(failing: number): void {
    for (const [partition, { processor, changed }] of this.#shards.entries()) {
      processor.books.update()
      const records = finish(levelRecords(partition, changed.take(), processor.books))
      const isPublished = (failing & (1 << partition)) === 0
      changed.settle(isPublished)
      for (const record of isPublished ? records : []) {
        const level = readLevelRecord(record)
        if (level === undefined || 'mark' in level) throw new Error(`unreadable: ${record.key}`)
        this.#merged.set(level.partition, level.place, level.amount)
      }
    }
  }

  compare(): void {
    expect(this.#printer.print()).toBe(this.#whole.message())
    expect(this.#printer.crossed).toEqual(this.#whole.crossed)
    const sum = (read: (processor: OrderProcessor) => number) =>
      this.#shards.reduce((total, { processor }) => total + read(processor), 0)
    expect(sum(({ books }) => books.openOrders)).toBe(this.#whole.books.openOrders)
    expect(sum(({ books }) => books.waitingCloses)).toBe(this.#whole.books.waitingCloses)
    expect(sum((processor) => processor.counts().rejected)).toBe(this.#whole.counts().rejected)
  }
}

function hashOf(text: string): number {
  return [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7)
}
