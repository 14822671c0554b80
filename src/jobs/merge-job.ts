/** The merger's loop: on every UTC second the shards' books as one, as soon as all of them have come to it. */
import { type Progress, stateHash } from '../wire/progress.js'
import type { BookPublisher } from './book-job.js'
import type { BySymbol } from './by-symbol.js'
import { inSlices } from './in-slices.js'
import { GRACE_MS, type MergeIntake } from './merge-intake.js'
import type { MergedLadders } from './merged-ladders.js'
import type { RunMonitor } from './monitor.js'
import type { Clock, Log } from './ports.js'
import { tickHeaders } from './tick-headers.js'
import { type DueTick, TickSchedule } from './tick-schedule.js'
import { withTickSize } from './tick-size.js'

/** Between two words about partitions that are missing. */
const PATIENCE_MS = 10_000

export interface MergeJobParts {
  readonly publisher: BookPublisher
  readonly intake: MergeIntake
  readonly ladders: MergedLadders
  /** Where each symbol is published by itself too. */
  readonly bySymbol?: BySymbol | undefined
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: RunMonitor | undefined
}

export interface MergeJobOptions {
  readonly version: string
  readonly levels: number
}

interface GatheredTick extends DueTick {
  /** Epoch second that a partition's mark must be of. */
  readonly second: number
}

export class MergeJob {
  /** By this process; undefined while it publishes nothing. */
  commits: number | undefined
  /** Ticks published by this process, the seconds before them that got none, and ticks with a stale part. */
  readonly counts = { ticks: 0, missed: 0, stale: 0 }
  /** The last tick of this process, and when it was committed by the monotonic clock. */
  published: { readonly tick: number; readonly atMs: number } | undefined
  readonly #parts: MergeJobParts
  readonly #options: MergeJobOptions
  #last: Pick<Progress, 'tick' | 'offsets'> = { tick: undefined, offsets: [] }
  /** Rejections that the last tick, or those before it, have reported; undefined where nobody has counted them. */
  #reported: number | undefined

  constructor(parts: MergeJobParts, options: MergeJobOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Publishes from `last` on until `signal` aborts; before that it waits for the shards to be there. */
  async publish(last: Progress, signal: AbortSignal): Promise<void> {
    const { clock, intake, log } = this.#parts
    // A signal made of two would be remembered by the older one, and there are several a second.
    signal.addEventListener('abort', () => intake.moved.open(), { once: true })
    this.#last = last
    if (last.rejectedInAll !== undefined) this.#reported = last.rejectedInAll - last.rejected
    await this.#wholeAgain(signal)
    if (signal.aborted) return
    log.info({ tick: last.tick, offsets: this.#offsets }, 'caught up')
    this.commits = 0
    this.#reported ??= this.#rejectedInAll
    const schedule = new TickSchedule(clock, last.tick)
    while (!signal.aborted) {
      const due = await schedule.next(signal)
      if (due === undefined) return
      const second = this.#secondOf(due)
      await this.#gather(second, signal)
      if (signal.aborted) return
      if (intake.missing(this.#last.offsets).length > 0) await this.#wholeAgain(signal)
      else await this.#publishTick({ ...due, second })
    }
  }

  /** Where the clock is held the ticks are ahead of it, and the shards' marks need not be. */
  #secondOf({ tick, isHeld }: DueTick): number {
    return isHeld ? Math.floor(this.#parts.clock.now() / 1000) : tick
  }

  /** Resolves when the books are not behind what was published last. */
  async #wholeAgain(signal: AbortSignal): Promise<void> {
    const { clock, intake, log } = this.#parts
    intake.goTo(Number.POSITIVE_INFINITY)
    let silentSince = clock.monotonic()
    for (;;) {
      const missing = intake.missing(this.#last.offsets)
      if (missing.length === 0 || signal.aborted) return
      if (clock.monotonic() - silentSince >= PATIENCE_MS) {
        log.warn({ partitions: missing }, 'waiting for the shards of these partitions')
        silentSince = clock.monotonic()
      }
      await this.#moved(PATIENCE_MS)
    }
  }

  /** Resolves when each partition has come to the second, or the grace is over. */
  async #gather(second: number, signal: AbortSignal): Promise<void> {
    const { clock, intake } = this.#parts
    intake.goTo(second)
    const begun = clock.monotonic()
    // A process that comes late into a second has waited already.
    const waited = Math.max(0, clock.now() - second * 1000)
    while (!signal.aborted && !intake.hasAll(second)) {
      const left = GRACE_MS - waited - (clock.monotonic() - begun)
      if (left <= 0) return
      await this.#moved(left)
    }
  }

  async #moved(limitMs: number): Promise<void> {
    const over = new AbortController()
    const sleep = this.#parts.clock.sleep(limitMs, over.signal)
    await Promise.race([this.#parts.intake.moved.wait(), sleep])
    over.abort()
  }

  async #publishTick(due: GatheredTick): Promise<void> {
    const { tick, isHeld } = due
    const { clock, intake, publisher, bySymbol, log, monitor } = this.#parts
    const missed = this.#last.tick === undefined ? 0 : tick - this.#last.tick - 1
    intake.hold()
    const { output, position, isStale } = await this.#prepare(due, missed)
    intake.goTo(tick + 1)
    const isTooLate = () => clock.now() >= (tick + 1) * 1000
    const isPublished = await (bySymbol ?? publisher)
      .commit({ output, position, isTooLate })
      .catch((error) => Promise.reject(withTickSize(error, intake.printer)))
    if (!isPublished) {
      log.warn({ tick }, 'tick not published: the next one counts it as missed')
      return
    }
    if (missed > 0) log.warn({ tick, missed }, 'seconds without a tick')
    this.#last = position
    this.#reported = position.rejectedInAll
    this.commits!++
    this.counts.ticks++
    this.counts.missed += missed
    if (isStale) this.counts.stale++
    this.published = { tick, atMs: clock.monotonic() }
    if (!isHeld) monitor?.ticked(clock.now() - tick * 1000)
  }

  /** Prints the books, which stay as they are meanwhile. */
  async #prepare({ tick, isHeld, second }: GatheredTick, missed: number) {
    const { clock, intake, ladders } = this.#parts
    const { levels, version } = this.#options
    const { printer } = intake
    const marks = intake.marks.map((mark) => mark!)
    const sum = (name: 'openOrders' | 'waitingCloses') =>
      marks.reduce((total, mark) => total + mark[name], 0)
    const isIncomplete = marks.some((mark) => mark.isIncomplete)
    const stale = this.#staleAt(second)
    const offsets = this.#offsets
    const rejectedInAll = this.#rejectedInAll
    const rejected = rejectedInAll - this.#reported!
    const message = await inSlices(printer.steps(), clock)
    ladders.printedBy(printer)
    const counts = { openOrders: sum('openOrders'), waitingCloses: sum('waitingCloses') }
    const hash = await inSlices(stateHash({ message, levels, ...counts }), clock)
    const headers = tickHeaders({
      ...{ tick, offsets, missed, rejected, version, isHeld, isIncomplete, stale },
      crossed: printer.crossed,
    })
    const position = {
      ...{ tick, offsets, stateHash: hash, isIncomplete, rejected: 0, rejectedInAll },
      lastRecords: marks.map(({ lastRecord }) => lastRecord),
    }
    const output = { tick: { tick, value: message, headers }, deadLetters: [] }
    return { output, position, isStale: Object.keys(stale).length > 0 }
  }

  #staleAt(second: number): Record<string, number> {
    const ages = this.#parts.intake.seconds.map((marked) => second - marked)
    const stale = [...ages.entries()].filter(([, age]) => age > 0)
    return Object.fromEntries(stale)
  }

  get #offsets(): number[] {
    return this.#parts.intake.marks.map((mark) => mark!.offset)
  }

  get #rejectedInAll(): number {
    return this.#parts.intake.marks.reduce((sum, mark) => sum + mark!.rejected, 0)
  }
}
