import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NaiveBook } from '../oracle/naive-book.js'
import {
  acceptNaively,
  anyEvents,
  applyAll,
  applyAllNaively,
  applyTo,
  interleave,
  type PlainEvent,
} from '../testing/arbitrary-events.js'
import { TickPrinter } from '../wire/tick-message.js'
import { toText } from './decimal.js'
import { DEFAULT_LIMITS, OrderBooks } from './order-books.js'
import { OUTCOME_NAMES } from './outcome.js'

const RUNS = { seed: 5, numRuns: 500 }
const choices = fc.array(fc.nat(), { minLength: 80, maxLength: 80 })

/** The event in the partition that its id belongs to, as a keyed producer sends it. */
function keyed(event: PlainEvent, partitions: number): PlainEvent {
  const code = [...`${event.id}`].reduce((sum, char) => sum + char.charCodeAt(0), 0)
  return { ...event, partition: code % partitions }
}

describe('the books agree with the naive ones', () => {
  test.each([1, 2, 3, 4])(
    'on every outcome and on the message, over %i partitions',
    (partitions) => {
      fc.assert(
        fc.property(anyEvents(partitions), fc.integer({ min: 1, max: 5 }), (events, window) => {
          const { outcomes, message } = applyAll(events, window)
          expect({ outcomes, message }).toEqual(applyAllNaively(events, window))
        }),
        RUNS,
      )
    },
  )

  test('after every single event, however seldom the message is printed', () => {
    fc.assert(
      fc.property(anyEvents(3), fc.integer({ min: 1, max: 7 }), (events, stride) => {
        const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: 2 }, 99)
        const printer = new TickPrinter(books, 3)
        const naive = new NaiveBook(2)
        events.forEach((event, index) => {
          const outcome = applyTo(books, event)
          expect(OUTCOME_NAMES[outcome]).toBe(acceptNaively(naive, event))
          if (index % stride !== 0) return
          expect(printer.print()).toBe(naive.message(3))
          expect(printer.crossed).toEqual(naive.crossed())
        })
      }),
      RUNS,
    )
  })
})

describe('whatever the events', () => {
  test('no level is ever at or below zero, nor a book there without levels', () => {
    fc.assert(
      fc.property(anyEvents(2), (events) => {
        const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: 3 }, 1)
        for (const event of events) {
          applyTo(books, event)
          for (const { bids, asks } of books.books()) {
            expect(bids.size + asks.size).toBeGreaterThan(0)
            for (const { price, amount } of [...bids, ...asks]) {
              expect(BigInt(amount.units)).toBeGreaterThan(0n)
              expect(BigInt(price.units)).toBeGreaterThan(0n)
            }
          }
        }
      }),
      { ...RUNS, numRuns: 200 },
    )
  })

  test('closing all that is open leaves an empty book and no level behind', () => {
    fc.assert(
      fc.property(anyEvents(2), (events) => {
        const { books } = applyAll(events)
        const closes = events.map((event) => ({ ...event, open: false }))
        for (const close of closes) applyTo(books, close)
        expect(books.openOrders).toBe(0)
        expect([...books.books()]).toEqual([])
        expect(books.pendingLevels).toBe(0)
        expect(new TickPrinter(books, 5).print()).toBe('[]')
      }),
      RUNS,
    )
  })

  test('the seed of the tables changes no answer', () => {
    fc.assert(
      fc.property(anyEvents(3), fc.integer(), (events, seed) => {
        const books = new OrderBooks(DEFAULT_LIMITS, seed)
        const outcomes = events.map((event) => OUTCOME_NAMES[applyTo(books, event)])
        const expected = applyAll(events)
        expect(outcomes).toEqual(expected.outcomes)
        expect(new TickPrinter(books, Number.POSITIVE_INFINITY).print()).toBe(expected.message)
      }),
      { ...RUNS, numRuns: 200 },
    )
  })
})

describe('the order of arrival', () => {
  test('among different ids does not matter', () => {
    fc.assert(
      fc.property(anyEvents(1), choices, (events, order) => {
        const shuffled = interleave(events, (event) => event.id, order)
        const [one, other] = [applyAll(events), applyAll(shuffled)]
        expect(other.message).toBe(one.message)
        expect(other.outcomes.toSorted()).toEqual(one.outcomes.toSorted())
      }),
      RUNS,
    )
  })

  test('of keyed partitions does not matter, not even to the outcomes: drained one by one or mixed', () => {
    fc.assert(
      fc.property(
        anyEvents(4),
        choices,
        fc.integer({ min: 1, max: 3 }),
        (events, order, window) => {
          const mixed = events.map((event) => keyed(event, 4))
          const drained = mixed.toSorted((a, b) => a.partition - b.partition)
          const remixed = interleave(mixed, (event) => event.partition, order)
          const expected = applyAll(mixed, window)
          for (const other of [applyAll(drained, window), applyAll(remixed, window)]) {
            expect(other.message).toBe(expected.message)
            expect(other.outcomes.toSorted()).toEqual(expected.outcomes.toSorted())
            expect(other.books.partitionCrossings).toBe(0)
          }
        },
      ),
      RUNS,
    )
  })

  test('of unkeyed partitions does not matter to the book, while closes are within the window', () => {
    fc.assert(
      fc.property(anyEvents(4), choices, (events, order) => {
        const remixed = interleave(events, (event) => event.partition, order)
        const [one, other] = [applyAll(events), applyAll(remixed)]
        expect(other.message).toBe(one.message)
        expect(other.books.openOrders).toBe(one.books.openOrders)
        expect(other.books.waitingCloses).toBe(one.books.waitingCloses)
      }),
      { ...RUNS, numRuns: 2000 },
    )
  })
})

describe('sums of sizes', () => {
  test('stay exact while a level outgrows the safe integers and comes back', () => {
    const size = fc.constantFrom('9007199254740991', '0.000000000000000001', '999999999999999999')
    fc.assert(
      fc.property(fc.array(size, { maxLength: 20 }), (sizes) => {
        const opens = sizes.map(
          (text, id): PlainEvent => ({ open: true, partition: 0, id, size: text }),
        )
        const closes = opens.slice(1).map((event) => ({ ...event, open: false }))
        const { books, message } = applyAll([...opens, ...closes])
        expect(message).toBe(applyAllNaively(opens.slice(0, 1)).message)
        const best = books.book('BTC-USDT')?.bids.best
        expect(best && toText(best.amount)).toBe(sizes[0])
      }),
      RUNS,
    )
  })
})
