/** `run --role merge`: what the shards publish in, one message with all books out on every UTC second. */
import type { Progress } from '../wire/progress.js'
import type { BookPublisher } from './book-job.js'
import { BySymbol } from './by-symbol.js'
import { MergeIntake, type MergeIntakeOptions } from './merge-intake.js'
import { MergeJob } from './merge-job.js'
import { MergedLadders } from './merged-ladders.js'
import type { Role, RunMonitor, RunReading } from './monitor.js'
import type { BookLog, Clock, LadderTopic, Log, LogReader } from './ports.js'
import { type Identity, Publisher } from './publisher.js'
import { START } from './run.js'
import { sizesOf } from './run-state.js'
import { standBy } from './standby.js'
import { COMMIT_GRACE_MS, graceAfter, unlessAborted } from './stopping.js'
import { watchMovement } from './watchdog.js'

export interface MergeOptions extends Identity, MergeIntakeOptions {
  /** Wait, warm, until the process that publishes falls silent. */
  readonly standby: boolean
}

export interface MergePorts {
  readonly transactions: BookLog
  /** For messages: the levels topic. */
  readonly topic: string
  openLevels(): Promise<LogReader>
  /** Where each symbol is published by itself too; undefined where none is. */
  readonly ladders?: LadderTopic | undefined
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: RunMonitor | undefined
}

/** Of this process. */
export interface MergeSummary {
  readonly ticks: number
  /** Seconds between two published ticks that got none. */
  readonly missed: number
  /** Ticks that came without some partition's mark for their second. */
  readonly stale: number
}

/**
 * Runs until `signal` aborts, then finishes the tick in hand and leaves.
 *
 * @throws DepthlineError FENCED, or where it can never go on: see docs/OPERATIONS.md
 */
export async function merge(
  ports: MergePorts,
  options: MergeOptions,
  signal: AbortSignal,
): Promise<MergeSummary> {
  const { clock, topic } = ports
  const publisher = new Publisher({ ...ports, start: START, nothing: { deadLetters: [] } }, options)
  const intake = new MergeIntake(ports, options)
  const ladders = new MergedLadders()
  const bySymbol =
    ports.ladders &&
    new BySymbol({ ...ports, publisher, processor: ladders, ladders: ports.ladders })
  const job = new MergeJob({ ...ports, publisher, intake, ladders, bySymbol }, options)
  const state = new MergeState(intake, job, clock)
  ports.monitor?.begun(() => state.read())
  const ending = new AbortController()
  const movement = () => ({
    ...{ applied: intake.read, isHeld: false, isBehind: false },
    commits: job.commits,
  })
  const levels = { topic, lag: () => intake.lag() }
  try {
    await Promise.race([
      intake.run(ending.signal),
      lead({ ...ports, publisher, job, bySymbol, state }, options, signal),
      watchMovement(levels, clock, movement, ending.signal),
      graceAfter(signal, clock, COMMIT_GRACE_MS),
    ])
  } finally {
    ending.abort()
    await publisher.close()
  }
  return job.counts
}

interface Parts extends MergePorts {
  readonly publisher: BookPublisher
  readonly job: MergeJob
  readonly bySymbol: BySymbol | undefined
  readonly state: MergeState
}

async function lead(parts: Parts, { standby, job: name }: MergeOptions, signal: AbortSignal) {
  const { publisher, transactions, job, bySymbol, state, log } = parts
  if (standby) {
    const found = await unlessAborted(signal, transactions.readProgress())
    log.info({ job: name }, 'standing by')
    state.role = 'standby'
    // It reads the levels all the while: there is nothing else to follow to.
    await standBy(parts, found, async (progress) => state.followed(progress), signal)
  }
  if (signal.aborted) return
  const last = await unlessAborted(signal, publisher.takeOver())
  if (last === undefined) return
  state.role = 'leader'
  await Promise.all([job.publish(last, signal), bySymbol?.retireVanished(signal)])
}

/** What the merger is like at this moment. */
class MergeState {
  role: Role = 'starting'
  readonly #intake: MergeIntake
  readonly #job: MergeJob
  readonly #clock: Clock
  /** The newest tick of another process, and when it was seen. */
  #followed: { readonly tick: number; readonly atMs: number } | undefined

  constructor(intake: MergeIntake, job: MergeJob, clock: Clock) {
    this.#intake = intake
    this.#job = job
    this.#clock = clock
  }

  followed({ tick }: Progress): void {
    if (tick === undefined || tick === this.#followed?.tick) return
    this.#followed = { tick, atMs: this.#clock.monotonic() }
  }

  read(): RunReading {
    const { marks, books, printer } = this.#intake
    const sum = (name: 'openOrders' | 'waitingCloses') =>
      marks.reduce((total, mark) => total + (mark?.[name] ?? 0), 0)
    const seen = this.#job.published ?? this.#followed
    return {
      role: this.role,
      records: {
        ...{ records: 0, applied: 0, ignored: 0, rejected: 0, tombstones: 0 },
        byOutcome: {},
      },
      ...{ ticks: this.#job.counts.ticks, missed: this.#job.counts.missed, deadLetters: 0 },
      ...{ openOrders: sum('openOrders'), waitingCloses: sum('waitingCloses') },
      ...sizesOf(books),
      crossed: printer.crossed.length,
      lastTick: seen && { tick: seen.tick, agoMs: this.#clock.monotonic() - seen.atMs },
      snapshots: { taken: 0, failures: 0, last: undefined },
    }
  }
}
