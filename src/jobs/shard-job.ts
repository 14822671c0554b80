/** A shard's loop: what has changed in one partition's books, on every UTC second, and between two where dead letters wait. */
import type { ChangedLevels } from '../book/changed-levels.js'
import { levelRecords } from '../wire/level-record.js'
import type { Progress } from '../wire/progress.js'
import type { DeadLetter } from '../wire/records.js'
import { inSlices } from './in-slices.js'
import type { OrderIntake } from './order-intake.js'
import type { OrderProcessor } from './order-processor.js'
import type { Clock, Log, OrderSource, ShardOutput } from './ports.js'
import type { Commit, Publisher } from './publisher.js'
import type { Snapshotter } from './snapshotter.js'
import { TickSchedule } from './tick-schedule.js'

export type ShardPublisher = Publisher<Progress, ShardOutput>

export interface ShardJobParts {
  readonly source: OrderSource
  readonly publisher: ShardPublisher
  readonly intake: OrderIntake
  readonly snapshotter: Snapshotter
  readonly processor: OrderProcessor
  readonly changedLevels: ChangedLevels
  readonly clock: Clock
  readonly log: Log
}

export interface ShardJobOptions {
  /** The shard's own name. */
  readonly job: string
  readonly partition: number
  readonly version: string
  readonly limits: { readonly closedWindow: number }
}

/** What was taken for it must be settled. */
interface ShardCommit extends Commit<Progress, ShardOutput> {
  readonly deadLetters: DeadLetter[]
}

export class ShardJob {
  /** By this process; undefined while it publishes nothing. */
  commits: number | undefined
  /** Published by this process. */
  deadLetters = 0
  levels = 0
  /** The last commit of a tick, and when it was done by the monotonic clock. */
  published: { readonly tick: number; readonly atMs: number } | undefined
  readonly #parts: ShardJobParts
  readonly #options: ShardJobOptions
  #lastTick: number | undefined
  #lineage = ''
  /** The last commit was not done, and what it held need not wait for the next second. */
  #isOverdue = false

  constructor(parts: ShardJobParts, options: ShardJobOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Publishes from `last` on, what this process has caught up with, until `signal` aborts. */
  async publish(last: Progress, signal: AbortSignal): Promise<void> {
    const { clock, intake, processor, log } = this.#parts
    const { partition } = this.#options
    const { openOrders } = processor.books
    log.info({ partition, offset: intake.offsets[partition], openOrders }, 'shard caught up')
    this.commits = 0
    this.#lastTick = last.tick
    this.#lineage = last.lineage
    const schedule = new TickSchedule(clock, last.tick)
    intake.open()
    let wake = new AbortController()
    const wakeUp = () => wake.abort()
    signal.addEventListener('abort', wakeUp, { once: true })
    intake.onSurplus = wakeUp
    while (!signal.aborted) {
      wake = new AbortController()
      if (intake.isFull || this.#isOverdue) wakeUp()
      const due = await schedule.next(wake.signal)
      if (due !== undefined || !signal.aborted) await this.#commit(due?.tick)
    }
  }

  /** A commit that comes late is as good as one on the second: it says itself up to where it goes. */
  async #commit(dueTick: number | undefined): Promise<void> {
    const { clock, intake, snapshotter, publisher, changedLevels, log } = this.#parts
    const { partition } = this.#options
    // The commit before may have gone between two ticks, by a clock that has been set back since.
    const tick = Math.max(this.#lastTick ?? 0, dueTick ?? Math.floor(clock.now() / 1000))
    const commit = await this.#prepare(tick)
    const isPublished = await publisher.commit(commit)
    snapshotter.settle(isPublished)
    changedLevels.settle(isPublished)
    intake.settle(commit.deadLetters, isPublished)
    this.#isOverdue = !isPublished
    if (!isPublished) {
      log.warn({ partition, tick }, 'not published: it goes with the next commit')
      return
    }
    this.#lastTick = tick
    this.commits!++
    this.deadLetters += commit.deadLetters.length
    this.levels += commit.output.levels.length
    this.published = { tick, atMs: clock.monotonic() }
  }

  /** All there is to publish, of one moment: no record is applied between the steps. */
  async #prepare(tick: number): Promise<ShardCommit> {
    const { clock, intake, processor, snapshotter, changedLevels } = this.#parts
    const { partition } = this.#options
    intake.hold()
    snapshotter.hold()
    try {
      const { stateHash } = await inSlices(processor.print(), clock)
      const places = changedLevels.take()
      const levels = await inSlices(levelRecords(partition, places, processor.books), clock)
      this.#takeSnapshot(tick)
      const position = { ...this.#position(tick), stateHash }
      const { openOrders, waitingCloses } = processor.books
      const mark = {
        ...{ tick, openOrders, waitingCloses, isIncomplete: false },
        offset: position.offsets[partition]!,
        lastRecord: position.lastRecords[partition]!,
        rejected: position.rejectedInAll,
      }
      const deadLetters = intake.takeDeadLetters()
      return { output: { levels, mark, deadLetters }, position, deadLetters }
    } finally {
      intake.release()
      snapshotter.release()
    }
  }

  #position(tick: number) {
    const { intake, processor } = this.#parts
    return {
      ...{ tick, isIncomplete: false, rejected: 0 },
      offsets: [...intake.offsets],
      lastRecords: intake.lastRecords,
      rejectedInAll: processor.counts().rejected,
    }
  }

  #takeSnapshot(tick: number): void {
    const { source, intake, snapshotter, processor } = this.#parts
    const { job, version, limits } = this.#options
    snapshotter.take(() => ({
      ...{ job, version, tick, lineage: this.#lineage, topic: source.topic, isIncomplete: false },
      offsets: [...intake.offsets],
      lastRecords: intake.lastRecords,
      counts: processor.outcomes,
      closedWindow: limits.closedWindow,
    }))
  }
}
