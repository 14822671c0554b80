/** `run`: orders in, one message with all books out on every UTC second. */
import type { Progress } from '../wire/progress.js'
import { BookJob, type BookPublisher } from './book-job.js'
import { BySymbol } from './by-symbol.js'
import { live } from './live.js'
import type { RunMonitor } from './monitor.js'
import { OrderIntake } from './order-intake.js'
import { OrderProcessor, type RecordCounts } from './order-processor.js'
import type { BookLog, Clock, LadderTopic, Log, OrderSource, SnapshotStore } from './ports.js'
import { type Identity, type Position, Publisher } from './publisher.js'
import { assertSameBooks, type Recovery, type RecoveryOptions, recover } from './recovery.js'
import { RunState } from './run-state.js'
import { Snapshotter } from './snapshotter.js'
import { standBy } from './standby.js'
import { unlessAborted } from './stopping.js'

export interface RunOptions extends RecoveryOptions, Identity {
  /** Wait, warm, until the process that publishes falls silent. */
  readonly standby: boolean
  readonly snapshotSeconds: number
}

export interface RunPorts {
  readonly source: OrderSource
  readonly transactions: BookLog
  readonly snapshots: readonly SnapshotStore[]
  /** Where each symbol is published by itself too; undefined where none is. */
  readonly ladders?: LadderTopic | undefined
  /** A stage that writes the source's topic; it runs where this process leads, until its signal aborts. */
  readonly upstream?: ((signal: AbortSignal) => Promise<void>) | undefined
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: RunMonitor | undefined
}

/** Where a new job is. */
export const START: Position<Progress> = {
  tick: undefined,
  offsets: [],
  lastRecords: [],
  stateHash: '',
  isIncomplete: false,
  rejected: 0,
  rejectedInAll: 0,
}

/** Records are counted from the input's first one, whichever process applied them. */
export interface RunSummary extends RecordCounts {
  /** Published by this process. */
  ticks: number
  /** Seconds between two published ticks that got none. */
  missed: number
  openOrders: number
  /** Snapshots written, and failures to write one. */
  snapshots: number
  snapshotFailures: number
}

/**
 * Runs until `signal` aborts, then finishes the tick in hand and leaves.
 *
 * @throws DepthlineError where it can never go on: see docs/OPERATIONS.md
 */
export async function run(
  ports: RunPorts,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunSummary> {
  const { clock, log, snapshots: stores } = ports
  const publisher = new Publisher({ ...ports, start: START, nothing: { deadLetters: [] } }, options)
  try {
    const begun = await unlessAborted(signal, begin(ports, publisher, options))
    if (begun === undefined) return summaryOf(new OrderProcessor(options))
    const { progress, recovery } = begun
    const { processor } = recovery
    const intake = new OrderIntake(processor, clock, ports.source, recovery)
    const { snapshotSeconds } = options
    const snapshotter = new Snapshotter({ stores, clock, log }, processor.books, snapshotSeconds)
    const { ladders } = ports
    const bySymbol = ladders && new BySymbol({ processor, publisher, ladders, clock, log })
    const parts = { ...ports, publisher, intake, snapshotter, recovery, bySymbol }
    const job = new BookJob(parts, options)
    const state = new RunState({ processor, job, snapshotter, clock })
    ports.monitor?.begun(() => state.read())
    const work = () => lead({ ...parts, job, state }, progress, options, signal)
    await live(parts, job, work, signal)
    return summaryOf(processor, job, snapshotter)
  } finally {
    await publisher.close()
  }
}

/** What is committed, and the books to go on with. */
async function begin(ports: RunPorts, publisher: BookPublisher, options: RunOptions) {
  const progress = options.standby
    ? await ports.transactions.readProgress()
    : await publisher.takeOver()
  return { progress, recovery: await recover(ports, progress, options) }
}

function summaryOf(
  processor: OrderProcessor,
  job?: BookJob,
  snapshotter?: Snapshotter,
): RunSummary {
  return {
    ticks: 0,
    missed: 0,
    ...job?.counts,
    openOrders: processor.books.openOrders,
    snapshots: snapshotter?.taken ?? 0,
    snapshotFailures: snapshotter?.failures ?? 0,
    ...processor.counts(),
  }
}

interface Parts extends RunPorts {
  readonly publisher: BookPublisher
  readonly intake: OrderIntake
  readonly snapshotter: Snapshotter
  readonly recovery: Recovery
  readonly bySymbol: BySymbol | undefined
  readonly job: BookJob
  readonly state: RunState
}

/** Becomes the leader, catches up with what is committed, and only then publishes. */
async function lead(
  parts: Parts,
  progress: Progress | undefined,
  options: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  const { job, publisher, snapshotter, bySymbol, state, log } = parts
  let last = progress
  if (options.standby) {
    log.info({ job: options.job }, 'standing by')
    state.role = 'standby'
    await standBy(parts, progress, (news) => catchUp(parts, news), signal)
    // Stopped before it led, it may never have seen any progress to catch up with.
    if (signal.aborted) return
    last = await unlessAborted(signal, publisher.takeOver())
  }
  if (signal.aborted) return
  await unlessAborted(signal, catchUp(parts, last!))
  if (signal.aborted) return
  state.role = 'leader'
  await Promise.all([
    job.publish(last!, signal),
    snapshotter.run(signal),
    bySymbol?.retireVanished(signal),
    parts.upstream?.(signal),
  ])
}

/** Applies exactly the input that is committed, and makes sure that it gave the same books. */
async function catchUp({ intake, source, recovery, state, log }: Parts, progress: Progress) {
  await intake.limitTo(progress.offsets)
  const isPassed = progress.offsets.some(
    (offset, partition) => offset !== intake.offsets[partition],
  )
  if (!isPassed) assertSameBooks({ topic: source.topic, intake, recovery, log }, progress)
  state.caughtUp(progress)
}
