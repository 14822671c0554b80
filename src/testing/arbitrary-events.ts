/** Events for fast-check, over so few ids, prices and sizes that they meet, and both books to feed them to. */
import fc from 'fast-check'
import { DEFAULT_LIMITS, OrderBooks } from '../book/order-books.js'
import { OUTCOME_NAMES, type OutcomeName } from '../book/outcome.js'
import { NaiveBook } from '../oracle/naive-book.js'
import { TickPrinter } from '../wire/tick-message.js'
import {
  closedEvent,
  closedRecord,
  openEvent,
  openRecord,
  type PlainOrder,
} from './order-events.js'

/** One event of one partition; lists of them are in the order of arrival. */
export interface PlainEvent extends PlainOrder {
  readonly open: boolean
  readonly partition: number
}

const IDS = [0, 1, 2, 3, 4, 5, Number.MAX_SAFE_INTEGER, 'x', '01', '9007199254740993']
/** Sums of these outgrow the safe integers and come back, at every scale. */
const SIZES = [
  ...['1', '2', '0.5', '0.000000000000000001', '999999999999999999', '0.999999999999999999'],
  ...['123456789.123456789', '9007199254740991', '9007199.254740993', '100000000000000000'],
]
const PRICES = ['1', '2', '2.5', '34045.24', '0.000000000000000001', '999999999999999999']

/** Any event of one of so many partitions. */
export function anyEvent(partitions: number): fc.Arbitrary<PlainEvent> {
  return fc.record({
    open: fc.boolean(),
    partition: fc.nat(partitions - 1),
    id: fc.constantFrom(...IDS),
    // Mostly the same symbol, for otherwise hardly an OPEN is an amendment.
    symbol: fc.constantFrom('BTC-USDT', 'BTC-USDT', 'BTC-USDT', 'ETH-USDT'),
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    size: fc.constantFrom(...SIZES),
    price: fc.constantFrom(...PRICES),
  })
}

export function anyEvents(partitions: number, maxLength = 80): fc.Arbitrary<PlainEvent[]> {
  return fc.array(anyEvent(partitions), { maxLength })
}

export interface Applied {
  readonly books: OrderBooks
  readonly outcomes: OutcomeName[]
  /** The tick message with all levels. */
  readonly message: string
}

export function applyAll(events: readonly PlainEvent[], closedWindow = 250_000): Applied {
  const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow }, 1)
  const outcomes = events.map((event) => OUTCOME_NAMES[applyTo(books, event)]!)
  return { books, outcomes, message: new TickPrinter(books, Number.POSITIVE_INFINITY).print() }
}

export function applyTo(books: OrderBooks, event: PlainEvent) {
  const { open, id, partition } = event
  return books.apply(open ? openEvent(event) : closedEvent(id), partition)
}

export function applyAllNaively(
  events: readonly PlainEvent[],
  closedWindow = 250_000,
): { outcomes: string[]; message: string } {
  const naive = new NaiveBook(closedWindow)
  const outcomes = events.map((event) => acceptNaively(naive, event))
  return { outcomes, message: naive.message() }
}

export function acceptNaively(naive: NaiveBook, event: PlainEvent): string {
  const { open, id, partition } = event
  return naive.accept(open ? openRecord(event) : closedRecord(id), partition)
}

/** Another order of arrival in which the events of each `group` keep theirs. */
export function interleave<T>(
  events: readonly T[],
  group: (event: T) => unknown,
  choices: readonly number[],
): T[] {
  const groups = new Map<unknown, T[]>()
  for (const event of events) groups.set(group(event), [...(groups.get(group(event)) ?? []), event])
  const queues = [...groups.values()]
  return events.map((_, index) => {
    const waiting = queues.filter((queue) => queue.length > 0)
    return waiting[(choices[index] ?? 0) % waiting.length]!.shift()!
  })
}
