/** The leader's loop: a tick on every UTC second, surplus dead letters between, one commit at a time. */
import type { Progress } from '../wire/progress.js'
import type { DeadLetter, Tick } from '../wire/records.js'
import type { BySymbol } from './by-symbol.js'
import { inSlices } from './in-slices.js'
import type { RunMonitor } from './monitor.js'
import type { OrderIntake } from './order-intake.js'
import type { OrderProcessor } from './order-processor.js'
import type { BookOutput, Clock, Log, OrderSource } from './ports.js'
import type { Commit, Position, Publisher } from './publisher.js'
import type { Recovery } from './recovery.js'
import type { Snapshotter } from './snapshotter.js'
import { tickHeaders } from './tick-headers.js'
import { type DueTick, TickSchedule } from './tick-schedule.js'
import { withTickSize } from './tick-size.js'

export type BookPublisher = Publisher<Progress, BookOutput>

export interface BookJobParts {
  readonly source: OrderSource
  readonly publisher: BookPublisher
  readonly intake: OrderIntake
  readonly snapshotter: Snapshotter
  readonly recovery: Recovery
  /** Where each symbol is published by itself too. */
  readonly bySymbol?: BySymbol | undefined
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: RunMonitor | undefined
}

export interface BookJobOptions {
  readonly job: string
  readonly version: string
  readonly limits: { readonly closedWindow: number }
}

/** What was taken of the intake for it must be settled. */
interface BookCommit extends Commit<Progress, BookOutput> {
  readonly deadLetters: DeadLetter[]
}

export class BookJob {
  /** Of ticks or dead letters, by this process; undefined while it publishes nothing. */
  commits: number | undefined
  /** Ticks published by this process, and the seconds before them that got none. */
  readonly counts = { ticks: 0, missed: 0 }
  /** Published by this process. */
  deadLetters = 0
  /** The last tick of this process, and when it was committed by the monotonic clock. */
  published: { readonly tick: number; readonly atMs: number } | undefined
  readonly #parts: BookJobParts
  readonly #options: BookJobOptions
  readonly #processor: OrderProcessor
  #lastTick: number | undefined
  #lineage = ''
  /** Rejections that the last tick, or a process before this one, has reported. */
  #reported = 0
  /** The last tick came too late, so progress and dead letters have to go without one. */
  #wasTooLate = false
  #warnedOfCrossings = false

  constructor(parts: BookJobParts, options: BookJobOptions) {
    this.#parts = parts
    this.#options = options
    this.#processor = parts.recovery.processor
  }

  /** Publishes from `last` on, what this process has caught up with, until `signal` aborts. */
  async publish(last: Progress, signal: AbortSignal): Promise<void> {
    const { clock, intake, log } = this.#parts
    const { openOrders } = this.#processor.books
    log.info({ tick: last.tick, offsets: last.offsets, openOrders }, 'caught up')
    this.commits = 0
    this.#lastTick = last.tick
    this.#lineage = last.lineage
    this.#reported = -last.rejected
    const schedule = new TickSchedule(clock, last.tick)
    intake.open()
    await this.#loop(schedule, signal)
  }

  async #loop(schedule: TickSchedule, signal: AbortSignal): Promise<void> {
    const { intake } = this.#parts
    let wake = new AbortController()
    const wakeUp = () => wake.abort()
    signal.addEventListener('abort', wakeUp)
    intake.onSurplus = wakeUp
    while (!signal.aborted) {
      wake = new AbortController()
      if (intake.isFull || this.#wasTooLate) wakeUp()
      const due = await schedule.next(wake.signal)
      if (due !== undefined) await this.#publishTick(due)
      else if (!signal.aborted) await this.#commit(this.#commitOf(undefined, ''))
      this.#warnOfCrossings()
    }
  }

  async #publishTick({ tick, isHeld }: DueTick): Promise<void> {
    const { snapshotter, log } = this.#parts
    const missed = this.#lastTick === undefined ? 0 : tick - this.#lastTick - 1
    const { commit, rejected } = await this.#prepareTick(tick, { missed, isHeld })
    const isPublished = await this.#commit(commit)
    snapshotter.settle(isPublished)
    if (!isPublished) return
    if (missed > 0) log.warn({ tick, missed }, 'seconds without a tick')
    this.#lastTick = tick
    this.#reported = rejected
    this.counts.ticks++
    this.counts.missed += missed
    this.#tell(tick, isHeld)
  }

  /**
   * The tick, its dead letters, its progress record and the snapshot that it may need, all of
   * one moment: printing takes many steps, and no record is applied between them.
   */
  async #prepareTick(tick: number, { missed, isHeld }: { missed: number; isHeld: boolean }) {
    const { clock, intake, snapshotter, recovery } = this.#parts
    intake.hold()
    snapshotter.hold()
    try {
      const { message: value, stateHash } = await inSlices(this.#processor.print(), clock)
      const { rejected } = intake
      const headers = tickHeaders({
        ...{ tick, offsets: intake.offsets, missed, isHeld, isIncomplete: recovery.isIncomplete },
        rejected: rejected - this.#reported,
        crossed: this.#processor.crossed,
        version: this.#options.version,
      })
      this.#takeSnapshot(tick)
      return { commit: this.#commitOf({ tick, value, headers }, stateHash), rejected }
    } finally {
      intake.release()
      snapshotter.release()
    }
  }

  #tell(tick: number, isHeld: boolean): void {
    const { clock, monitor } = this.#parts
    this.published = { tick, atMs: clock.monotonic() }
    // A clock that is behind its ticks cannot say how late they are.
    if (!isHeld) monitor?.ticked(clock.now() - tick * 1000)
  }

  #takeSnapshot(tick: number): void {
    const { source, intake, snapshotter, recovery } = this.#parts
    snapshotter.take(() => ({
      job: this.#options.job,
      lineage: this.#lineage,
      topic: source.topic,
      tick,
      offsets: [...intake.offsets],
      lastRecords: intake.lastRecords,
      counts: this.#processor.outcomes,
      isIncomplete: recovery.isIncomplete,
      closedWindow: this.#options.limits.closedWindow,
      version: this.#options.version,
    }))
  }

  /** All there is to publish up to this moment. */
  #commitOf(tick: Tick | undefined, stateHash: string): BookCommit {
    const { clock, intake } = this.#parts
    if (tick !== undefined && this.#lastTick !== undefined && tick.tick <= this.#lastTick) {
      throw new Error(`tick ${tick.tick} was to be sent after ${this.#lastTick}`)
    }
    const deadLetters = intake.takeDeadLetters()
    const position = this.#position(tick?.tick ?? this.#lastTick, stateHash)
    // A tick of the past helps nobody, and the next second has its own.
    const isTooLate = () => tick !== undefined && clock.now() >= (tick.tick + 1) * 1000
    const output = { ...(tick === undefined ? {} : { tick }), deadLetters }
    return { output, position, isTooLate, deadLetters }
  }

  /** Publishes it; false where nothing was published. */
  async #commit(commit: BookCommit): Promise<boolean> {
    const { intake, log, publisher, bySymbol } = this.#parts
    const { deadLetters, output } = commit
    const isPublished = await (bySymbol ?? publisher).commit(commit).catch((error) => {
      throw withTickSize(error, this.#processor)
    })
    this.#wasTooLate = !isPublished
    if (isPublished) {
      this.commits!++
      this.deadLetters += deadLetters.length
    } else {
      log.warn({ tick: output.tick?.tick }, 'tick not published: the next one counts it as missed')
    }
    intake.settle(deadLetters, isPublished)
    return isPublished
  }

  #position(tick: number | undefined, stateHash: string): Position<Progress> {
    const { intake, recovery } = this.#parts
    return {
      tick,
      offsets: [...intake.offsets],
      lastRecords: intake.lastRecords,
      stateHash,
      isIncomplete: recovery.isIncomplete,
      rejected: stateHash === '' ? intake.rejected - this.#reported : 0,
      rejectedInAll: this.#processor.counts().rejected,
    }
  }

  #warnOfCrossings(): void {
    if (this.#warnedOfCrossings || this.#processor.books.partitionCrossings === 0) return
    this.#warnedOfCrossings = true
    this.#parts.log.warn(
      { topic: this.#parts.source.topic },
      'records of one order_id lie in several partitions: key the topic by order_id for exact counts, or let --rekey do it',
    )
  }
}
