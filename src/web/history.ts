/** A book over time: from the ticks in memory where they reach far enough, else from the topic. */
import { type Answer, type Refusal, refusal } from './answer.js'
import {
  figuresOf,
  LEVEL_COLUMNS,
  levelRows,
  type RankedText,
  rankedLevels,
} from './book-answers.js'
import { dataOf, type EventLog } from './event-log.js'
import type { TickHistory, TickRange } from './ports.js'
import { type BookText, readTick, type TickData } from './tick.js'

export const MAX_HISTORY_TICKS = 3_600
/** Levels a side of all ticks of one answer. */
const MAX_LEVELS = 200_000
const TIME_LIMIT_MS = 10_000
/** Each reads the topic with a consumer of its own. */
const AT_ONCE = 4

interface HistoryTick {
  readonly tick: number
  readonly mid: string | null
  readonly spread: string | null
  readonly bids: readonly RankedText[]
  readonly asks: readonly RankedText[]
}

export interface HistoryQuery {
  readonly symbol: string
  readonly levels: number
  readonly range: TickRange
}

export class BookHistory {
  readonly #events: EventLog
  readonly #topic: TickHistory
  #reading = 0

  constructor(events: EventLog, topic: TickHistory) {
    this.#events = events
    this.#topic = topic
  }

  async answer(query: HistoryQuery): Promise<Answer | Refusal> {
    const { symbol, range } = query
    const found = new Found(query)
    const isInMemory = (this.#events.tickAfter(0)?.tick ?? Number.POSITIVE_INFINITY) <= range.from
    if (isInMemory) {
      for (const event of this.#events.from(0)) {
        if (event.tick === undefined || event.tick < range.from) continue
        const { tick, books } = dataOf(event) as TickData
        if (!found.add(tick, Object.hasOwn(books, symbol) ? books[symbol] : undefined)) break
      }
    } else {
      if (this.#reading >= AT_ONCE) {
        return refusal(429, `${AT_ONCE} answers are being read from the topic already`)
      }
      this.#reading++
      try {
        await this.#read(found, query)
      } finally {
        this.#reading--
      }
    }
    const { ticks, isCut } = found
    return {
      body: { symbol, from: range.from, to: range.to, complete: !isCut, ticks },
      table: () => ({
        columns: LEVEL_COLUMNS,
        rows: ticks.flatMap((of) => levelRows({ tick: of.tick, symbol }, of)),
      }),
    }
  }

  async #read(found: Found, { symbol, range }: HistoryQuery): Promise<void> {
    const signal = AbortSignal.timeout(TIME_LIMIT_MS)
    for await (const record of this.#topic.read(range, signal)) {
      const tick = readTick(record, undefined)
      if (typeof tick === 'string') continue
      if (!found.add(tick.tick, tick.books.get(symbol))) return
    }
    if (signal.aborted) found.isCut = true
  }
}

/** The ticks of an answer, up to its limits. */
class Found {
  readonly ticks: HistoryTick[] = []
  isCut = false
  readonly #query: HistoryQuery
  #levels = 0

  constructor(query: HistoryQuery) {
    this.#query = query
  }

  /** @returns false where no more are wanted */
  add(tick: number, book: BookText = { bids: [], asks: [] }): boolean {
    const { range, levels } = this.#query
    if (tick < range.from || tick <= (this.ticks.at(-1)?.tick ?? 0)) return true
    if (tick > range.to) return false
    if (this.ticks.length === MAX_HISTORY_TICKS || this.#levels > MAX_LEVELS) {
      this.isCut = true
      return false
    }
    const { mid, spread } = figuresOf(book)
    const bids = rankedLevels(book.bids, levels)
    const asks = rankedLevels(book.asks, levels)
    this.#levels += bids.length + asks.length
    this.ticks.push({ tick, mid, spread, bids, asks })
    return true
  }
}
