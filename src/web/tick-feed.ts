/** The ticks as they come: the newest one, the figures of the last minute, and the events that readers get. */
import type { EventLog } from './event-log.js'
import type { FeedState, TickRecord } from './ports.js'
import { readTick, type Tick, tickData } from './tick.js'

/** Figures are of so many ticks. */
const WINDOW = 60
/** How much is said of a message that was passed over. */
const MAX_DETAIL = 200

/** What is kept of a tick for the figures. */
export interface TickFigures {
  readonly tick: number
  readonly missed: number
  readonly rejected: number
  readonly latenessMs: number | null
  readonly records: number | undefined
}

export class TickFeed {
  state: FeedState = { kind: 'waiting', why: 'reading has not begun' }
  readonly #events: EventLog
  #newest: Tick | undefined
  #window: TickFigures[] = []
  #seen = 0
  #skipped = 0
  #lastSkipped: string | null = null

  constructor(events: EventLog) {
    this.#events = events
  }

  get newest(): Tick | undefined {
    return this.#newest
  }

  /** The last 60 ticks, oldest first. */
  get window(): readonly TickFigures[] {
    return this.#window
  }

  /** Ticks since the start. */
  get seen(): number {
    return this.#seen
  }

  /** Messages that are no ticks. */
  get skipped(): { readonly count: number; readonly last: string | null } {
    return { count: this.#skipped, last: this.#lastSkipped }
  }

  /** @param arrivedMs when it came, where it was waited for */
  take(record: TickRecord, arrivedMs: number | undefined): void {
    const tick = readTick(record, arrivedMs)
    const last = this.#newest?.tick ?? 0
    if (typeof tick === 'string') this.skip(tick)
    else if (tick.tick <= last) this.skip(`tick ${tick.tick} comes after tick ${last}`)
    else this.#add(tick)
  }

  /** Counts a message that could not be used, and keeps what was wrong with the last one. */
  skip(detail: string): void {
    this.#skipped++
    this.#lastSkipped = detail.slice(0, MAX_DETAIL)
  }

  #add(tick: Tick): void {
    this.#newest = tick
    this.#seen++
    const { missed, rejected, latenessMs, records } = tick
    this.#window.push({ tick: tick.tick, missed, rejected, latenessMs, records })
    if (this.#window.length > WINDOW) this.#window.shift()
    this.#events.pushTick(tick.tick, JSON.stringify(tickData(tick)))
  }
}
