import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, OrderBooks } from '../book/order-books.js'
import { OUTCOME_NAMES } from '../book/outcome.js'
import { NaiveBook } from '../oracle/naive-book.js'
import { acceptNaively, anyEvent, applyTo, type PlainEvent } from '../testing/arbitrary-events.js'
import { restored, takeSnapshot } from '../testing/snapshots.js'
import { TickPrinter } from './tick-message.js'

const events = (partitions: number, maxLength: number) =>
  fc.array(anyEvent(partitions), { maxLength, size: 'max' })

const anyCase = fc.integer({ min: 1, max: 4 }).chain((partitions) =>
  fc.record({
    before: events(partitions, 150),
    during: events(partitions, 150),
    after: events(partitions, 150),
    closedWindow: fc.constantFrom(1, 2, 3, 250),
    frameEntries: fc.integer({ min: 1, max: 6 }),
    eventsPerFrame: fc.integer({ min: 1, max: 12 }),
    seeds: fc.record({ one: fc.integer(), other: fc.integer() }),
  }),
)

/** Both books, and every step compared. */
class Pair {
  books: OrderBooks
  readonly naive: NaiveBook
  #printer: TickPrinter

  constructor(closedWindow: number, seed: number) {
    this.books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow }, seed)
    this.naive = new NaiveBook(closedWindow)
    this.#printer = new TickPrinter(this.books, Number.POSITIVE_INFINITY)
  }

  goOnWith(books: OrderBooks): void {
    this.books = books
    this.#printer = new TickPrinter(books, Number.POSITIVE_INFINITY)
  }

  apply(event: PlainEvent): void {
    const outcome = OUTCOME_NAMES[applyTo(this.books, event)]
    expect(outcome).toBe(acceptNaively(this.naive, event))
  }

  compare(): void {
    expect(this.#printer.print()).toBe(this.naive.message())
    expect(this.#printer.crossed).toEqual(this.naive.crossed())
    expect(this.books.openOrders).toBe(this.naive.openOrders)
    expect(this.books.waitingCloses).toBe(this.naive.waitingCloses)
  }
}

describe('books that were restored from a snapshot', () => {
  test('go on as if nothing had happened, whatever came while it was taken', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(anyCase, async (given) => {
        const { closedWindow, frameEntries, seeds } = given
        const pair = new Pair(closedWindow, seeds.one)
        for (const event of given.before) pair.apply(event)
        const during = given.during.values()
        const applySome = () => {
          for (let count = 0; count < given.eventsPerFrame; count++) {
            const { done, value } = during.next()
            if (done) return false
            pair.apply(value)
          }
          return true
        }
        const bytes = takeSnapshot(pair.books, { frameEntries, between: applySome })
        const { partitionCrossings, state } = pair.books
        const { closedIds } = state
        pair.goOnWith(await restored(bytes, { closedWindow, seed: seeds.other }))
        pair.compare()
        expect(pair.books.partitionCrossings).toBe(partitionCrossings)
        expect(pair.books.state.closedIds).toBe(closedIds)
        for (const event of given.after) pair.apply(event)
        pair.compare()
        for (const name of pair.naive.byOutcome.keys()) seen.add(name)
      }),
      { seed: 11, numRuns: 600 },
    )
    expect([...seen].toSorted()).toEqual([...OUTCOME_NAMES].toSorted())
  })

  test('snapshot and go on again and again', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ before, during, after, closedWindow, seeds }) => {
        const pair = new Pair(closedWindow, seeds.one)
        for (const list of [before, during, after]) {
          for (const event of list) pair.apply(event)
          const bytes = takeSnapshot(pair.books)
          pair.goOnWith(await restored(bytes, { closedWindow, seed: seeds.one + list.length }))
          pair.compare()
        }
      }),
      { seed: 12, numRuns: 200 },
    )
  })
})
