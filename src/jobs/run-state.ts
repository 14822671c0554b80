/** What a running `run` is like at this moment: its role, and the counts that its parts keep anyway. */
import type { Book } from '../book/symbol-books.js'
import type { Progress } from '../wire/progress.js'
import type { BookJob } from './book-job.js'
import type { Role, RunReading, SeenTick } from './monitor.js'
import type { OrderProcessor, RecordCounts } from './order-processor.js'
import type { Clock } from './ports.js'
import type { Snapshotter } from './snapshotter.js'

export interface RunStateParts {
  readonly processor: OrderProcessor
  readonly job: BookJob
  readonly snapshotter: Snapshotter
  readonly clock: Clock
}

export class RunState {
  role: Role = 'starting'
  readonly #parts: RunStateParts
  /** What was counted when the books were those of the last commit for the first time. */
  #before: RecordCounts | undefined
  /** The newest tick of another process that the books have followed to, and when. */
  #followed: { readonly tick: number; readonly atMs: number } | undefined

  constructor(parts: RunStateParts) {
    this.#parts = parts
  }

  /** The books are exactly those of this commit. */
  caughtUp({ tick }: Progress): void {
    const { processor, clock } = this.#parts
    this.#before ??= processor.counts()
    const isNews = tick !== undefined && tick !== this.#followed?.tick
    if (this.role === 'standby' && isNews) this.#followed = { tick, atMs: clock.monotonic() }
  }

  read(): RunReading {
    const { processor, job, snapshotter } = this.#parts
    const { books } = processor
    const { openOrders, waitingCloses } = books
    const { taken, failures, last } = snapshotter
    const counts = processor.counts()
    return {
      role: this.role,
      records: recordsSince(this.#before ?? counts, counts),
      ...job.counts,
      deadLetters: job.deadLetters,
      openOrders,
      waitingCloses,
      ...sizesOf(processor.books),
      crossed: processor.crossed.length,
      lastTick: this.#lastTick(),
      snapshots: { taken, failures, last },
    }
  }

  #lastTick(): SeenTick | undefined {
    const { job, clock } = this.#parts
    const seen = job.published ?? this.#followed
    return seen && { tick: seen.tick, agoMs: clock.monotonic() - seen.atMs }
  }
}

/** Of the ladders as the last tick left them. */
export function sizesOf(books: { books(): Iterable<Book> }) {
  const levels = { bids: 0, asks: 0 }
  let symbols = 0
  for (const { bids, asks } of books.books()) {
    symbols++
    levels.bids += bids.size
    levels.asks += asks.size
  }
  return { symbols, levels }
}

/** What was counted between two looks. */
export function recordsSince(before: RecordCounts, now: RecordCounts): RecordCounts {
  const outcomes = Object.entries(now.byOutcome)
  return {
    records: now.records - before.records,
    applied: now.applied - before.applied,
    ignored: now.ignored - before.ignored,
    rejected: now.rejected - before.rejected,
    tombstones: now.tombstones - before.tombstones,
    byOutcome: Object.fromEntries(
      outcomes.map(([name, number]) => [name, number - (before.byOutcome[name] ?? 0)]),
    ),
  }
}
