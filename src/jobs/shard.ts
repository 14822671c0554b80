/** One partition's shard, from its takeover until its partition is taken away. */
import { ChangedLevels } from '../book/changed-levels.js'
import type { Progress } from '../wire/progress.js'
import type { RecordBatch } from '../wire/record-batch.js'
import { live } from './live.js'
import type { CommitMonitor } from './monitor.js'
import { OrderIntake } from './order-intake.js'
import type { OrderProcessorOptions, RecordCounts } from './order-processor.js'
import type { Clock, Log, OrderSource, ShardLog, SnapshotStore } from './ports.js'
import { type Identity, Publisher } from './publisher.js'
import {
  assertSameBooks,
  assertSameLog,
  type Recovery,
  type RecoveryOptions,
  recover,
} from './recovery.js'
import { START } from './run.js'
import { ShardJob, type ShardPublisher } from './shard-job.js'
import { Snapshotter } from './snapshotter.js'
import { unlessAborted } from './stopping.js'

export interface ShardOptions
  extends Identity,
    Omit<OrderProcessorOptions, 'levels' | 'changedLevels'> {
  readonly partition: number
  readonly snapshotSeconds: number
  /** Ignore snapshots. */
  readonly rebuild: boolean
}

export interface ShardPorts {
  /** Of this partition alone; the others look empty. */
  readonly source: OrderSource
  readonly transactions: ShardLog
  readonly snapshots: readonly SnapshotStore[]
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: CommitMonitor | undefined
}

/** A shard's parts, while it lives. */
export interface LivingShard {
  readonly job: ShardJob
  readonly recovery: Recovery
  readonly snapshotter: Snapshotter
  /** What was counted when the books were those of the last commit; undefined before that. */
  before?: RecordCounts
}

const BEGINNING = { start: START, nothing: { levels: [], mark: undefined, deadLetters: [] } }

/**
 * Runs until `signal` aborts, then finishes the commit in hand and leaves.
 *
 * @param begun called once its books are there
 * @throws DepthlineError FENCED where another process has taken the partition over
 */
export async function runShard(
  ports: ShardPorts,
  given: ShardOptions,
  begun: (shard: LivingShard) => void,
  signal: AbortSignal,
): Promise<void> {
  const changedLevels = new ChangedLevels()
  // A book's identity needs no more, and the message itself goes nowhere.
  const options = { ...given, levels: 1, acceptIncomplete: false, changedLevels }
  const publisher: ShardPublisher = new Publisher({ ...ports, ...BEGINNING }, options)
  const ending = new AbortController()
  const either = AbortSignal.any([signal, ending.signal])
  try {
    const found = await unlessAborted(signal, begin(ports, publisher, options))
    if (found === undefined) return
    const { recovery } = found
    const { clock, log, snapshots: stores, source } = ports
    const { processor } = recovery
    const intake = new OrderIntake(processor, clock, source, recovery)
    const { snapshotSeconds } = options
    const snapshotter = new Snapshotter({ stores, clock, log }, processor.books, snapshotSeconds)
    const parts = { ...ports, publisher, intake, snapshotter, processor, changedLevels }
    const job = new ShardJob(parts, options)
    const shard: LivingShard = { job, recovery, snapshotter }
    begun(shard)
    const work = async () => {
      await unlessAborted(either, catchUp({ ...parts, recovery }, found))
      if (either.aborted) return
      shard.before = processor.counts()
      await Promise.all([job.publish(found.own, either), snapshotter.run(either)])
    }
    await live({ ...parts, notice: warnOfUnkeyed(ports, options) }, job, work, signal)
  } finally {
    ending.abort()
    await publisher.close()
  }
}

/** Whatever lies in two partitions is never found out by a shard, which sees one. */
function warnOfUnkeyed({ source, log }: ShardPorts, { partition }: ShardOptions) {
  let hasWarned = false
  return (batch: RecordBatch) => {
    if (hasWarned || batch.recordAt(0).key !== null) return
    hasWarned = true
    log.warn(
      { topic: source.topic, partition },
      'records without a key: shards need all records of one order_id in one partition, so key the topic by it (run --rekey writes such a topic)',
    )
  }
}

interface Found {
  /** What is committed of this shard. */
  readonly own: Progress
  /** Where one process with all partitions went further; its dead letters are published. */
  readonly further: Progress | undefined
  readonly recovery: Recovery
}

async function begin(
  ports: ShardPorts,
  publisher: ShardPublisher,
  options: ShardOptions & RecoveryOptions,
): Promise<Found> {
  const { source, transactions } = ports
  const { partition } = options
  const own = await publisher.takeOver()
  await transactions.assertLevels(own)
  const whole = await transactions.readJobProgress()
  const recovery = await recover(ports, own, options)
  const offset = whole?.offsets[partition] ?? 0
  if (whole === undefined || offset <= (own.offsets[partition] ?? 0)) {
    return { own, further: undefined, recovery }
  }
  const alone = <T>(values: readonly T[], none: T) =>
    values.map((value, index) => (index === partition ? value : none))
  const further = {
    ...{ ...whole, stateHash: '' },
    offsets: alone(whole.offsets, 0),
    lastRecords: alone(whole.lastRecords, ''),
  }
  assertSameLog(source.topic, await source.ranges(), further)
  return { own, further, recovery }
}

interface CatchingUp extends ShardPorts {
  readonly intake: OrderIntake
  readonly changedLevels: ChangedLevels
  readonly recovery: Recovery
}

/** Applies exactly the input that is committed, and compares; what changes from there on is to be published. */
async function catchUp(parts: CatchingUp, { own, further }: Found): Promise<void> {
  const { source, intake, changedLevels, recovery } = parts
  const isNew = own.offsets.length === 0
  changedLevels.isCollecting = isNew
  if (!isNew) {
    await intake.limitTo(own.offsets)
    assertSameBooks({ ...parts, topic: source.topic }, own)
    // The levels of the books at this point are in the topic.
    recovery.processor.books.update()
    changedLevels.isCollecting = true
  }
  if (further === undefined) return
  await intake.limitTo(further.offsets)
  assertSameBooks({ ...parts, topic: source.topic }, further)
}
