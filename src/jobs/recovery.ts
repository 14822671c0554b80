/** Where a job's books begin: at the newest snapshot that fits, else at the start of the input. */
import { DepthlineError } from '../errors.js'
import { levelsOf, mayBeSameState, type Progress } from '../wire/progress.js'
import type { Offsets, PartitionRange } from '../wire/records.js'
import type { SnapshotMeta } from '../wire/snapshot-encoder.js'
import { loadSnapshot, readSnapshotMeta } from '../wire/snapshot-reader.js'
import { lostLog } from './lost-log.js'
import type { OrderIntake } from './order-intake.js'
import { OrderProcessor, type OrderProcessorOptions } from './order-processor.js'
import type { Log, OrderSource, SnapshotStore, StoredSnapshot } from './ports.js'

export interface RecoveryOptions extends OrderProcessorOptions {
  readonly job: string
  /** Ignore snapshots. */
  readonly rebuild: boolean
  /** Begin in the middle of the input where its start is gone. */
  readonly acceptIncomplete: boolean
}

export interface Recovery {
  readonly processor: OrderProcessor
  /** The books hold exactly the input below. */
  readonly offsets: Offsets
  /** For each partition the hash of the last record below its offset; '' where it is not known. */
  readonly lastRecords: readonly string[]
  /** True where orders are missing that the input no longer held. */
  readonly isIncomplete: boolean
}

interface RecoveryPorts {
  readonly source: OrderSource
  readonly snapshots: readonly SnapshotStore[]
  readonly log: Log
}

/**
 * @param progress what is committed; undefined where the job is new
 * @throws DepthlineError LOG_LOST where the input is not the one that was read before, or its
 * start is gone and no snapshot stands in for it
 */
export async function recover(
  { source, snapshots, log }: RecoveryPorts,
  progress: Progress | undefined,
  options: RecoveryOptions,
): Promise<Recovery> {
  const ranges = await source.ranges()
  assertSameLog(source.topic, ranges, progress)
  warnOfOtherLevels(progress, options.levels, log)
  const candidates = options.rebuild ? [] : await listAll(snapshots, log)
  for (const candidate of candidates) {
    try {
      return await restore(candidate, { source, ranges, progress, options, log })
    } catch (error) {
      // One that cannot be used is passed over for the one before; a bug is not.
      if (!(error instanceof DepthlineError)) throw error
      log.warn({ snapshot: candidate.name, reason: error.message }, 'snapshot refused')
    }
  }
  return fromTheStart(source.topic, ranges, options)
}

/** A topic that was made anew or cut short can never be caught up with, and its books would be others. */
export function assertSameLog(
  topic: string,
  ranges: readonly PartitionRange[],
  progress: Progress | undefined,
): void {
  if (progress === undefined || progress.offsets.length === 0) return
  const { offsets } = progress
  const short = offsets.findIndex((offset, partition) => offset > (ranges[partition]?.high ?? -1))
  if (short < 0 && offsets.length === ranges.length) return
  const found =
    offsets.length === ranges.length
      ? `${topic}[${short}] ends at offset ${ranges[short]?.high}, and the job has read up to ${offsets[short]}`
      : `${topic} has ${ranges.length} partitions, and the job knows ${offsets.length}`
  throw lostLog(found)
}

async function listAll(stores: readonly SnapshotStore[], log: Log): Promise<StoredSnapshot[]> {
  const found: StoredSnapshot[] = []
  for (const store of stores) {
    try {
      found.push(...(await store.list()))
    } catch (error) {
      if (!(error instanceof DepthlineError)) throw error
      log.warn({ store: store.name, reason: error.message }, 'snapshots cannot be listed')
    }
  }
  return found.sort((a, b) => b.tick - a.tick)
}

interface Context {
  readonly source: OrderSource
  readonly ranges: readonly PartitionRange[]
  readonly progress: Progress | undefined
  readonly options: RecoveryOptions
  readonly log: Log
}

async function restore(candidate: StoredSnapshot, context: Context): Promise<Recovery> {
  const meta = await readSnapshotMeta(candidate.read())
  assertFits(meta, context)
  const processor = new OrderProcessor(context.options)
  await loadSnapshot(candidate.read(), processor.books)
  processor.restoreCounts(meta.counts)
  const { tick, offsets, lastRecords, isIncomplete } = meta
  const { openOrders } = processor.books
  context.log.info({ snapshot: candidate.name, tick, openOrders }, 'snapshot loaded')
  return { processor, offsets, lastRecords, isIncomplete }
}

/** @throws DepthlineError SNAPSHOT_REFUSED with the first reason why it cannot be used */
function assertFits(meta: SnapshotMeta, { source, ranges, progress, options }: Context): void {
  const { limits, job } = options
  const refuse = (reason: string) => new DepthlineError('SNAPSHOT_REFUSED', reason)
  if (meta.job !== job) throw refuse(`it is of job ${meta.job}`)
  if (meta.topic !== source.topic) throw refuse(`it is of input ${meta.topic}`)
  if (meta.closedWindow !== limits.closedWindow) {
    throw refuse(`it was taken with --closed-window ${meta.closedWindow}`)
  }
  if (progress === undefined || meta.lineage !== progress.lineage) {
    throw refuse('it is of another job of this name')
  }
  for (const [partition, { low }] of ranges.entries()) {
    const offset = meta.offsets[partition] ?? -1
    if (offset > (progress.offsets[partition] ?? 0)) {
      // Dead letters between the two may not be published.
      throw refuse(
        `it is ahead of what is committed, at offset ${offset} of partition ${partition}`,
      )
    }
    if (offset < low) {
      throw refuse(
        `the input no longer holds offset ${offset} of partition ${partition}, where it ends`,
      )
    }
  }
}

function fromTheStart(
  topic: string,
  ranges: readonly PartitionRange[],
  options: RecoveryOptions,
): Recovery {
  const gone = ranges.findIndex(({ low }) => low > 0)
  if (gone >= 0 && !options.acceptIncomplete) {
    throw new DepthlineError(
      'LOG_LOST',
      `${topic}[${gone}] starts at offset ${ranges[gone]!.low} and no snapshot reaches that far: the orders before it are unknown, and a book without them would be wrong. Give the whole log or a snapshot (DEPTHLINE_DATA, --snapshot-topic) back, or start without those orders (--accept-incomplete, in one process with all partitions)`,
    )
  }
  return {
    processor: new OrderProcessor(options),
    offsets: ranges.map(({ low }) => low),
    lastRecords: ranges.map(() => ''),
    isIncomplete: gone >= 0,
  }
}

/**
 * Compares what is committed with the books at the same offsets.
 *
 * @throws DepthlineError LOG_LOST where the last records, or the books made of them, are others
 */
export function assertSameBooks(
  here: { topic: string; intake: OrderIntake; recovery: Recovery; log: Log },
  progress: Progress,
): void {
  const { topic, intake, log } = here
  const { processor, isIncomplete } = here.recovery
  const lastRecords = intake.lastRecords
  const other = progress.lastRecords.findIndex(
    (hash, partition) =>
      hash !== '' && lastRecords[partition] !== '' && hash !== lastRecords[partition],
  )
  if (other >= 0) {
    const offset = progress.offsets[other]! - 1
    throw lostLog(`${topic}[${other}] holds another record at offset ${offset} than it did`)
  }
  const { books } = processor
  if (isIncomplete || progress.isIncomplete) return
  if (mayBeSameState(processor.stateHash(), progress.stateHash)) return
  const offsets = JSON.stringify(progress.offsets)
  // Without keys, and with a close later than its window, the order of arrival may matter.
  if (books.partitionCrossings > 0) {
    log.warn(
      { offsets },
      'the books differ from those that were committed: key the input by order_id',
    )
    return
  }
  throw lostLog(`the books of ${topic} at offsets ${offsets} are not those that were committed`)
}

/** A standby that publishes other levels than its leader is most likely a mistake. */
function warnOfOtherLevels(progress: Progress | undefined, levels: number, log: Log): void {
  const before = progress === undefined ? '' : levelsOf(progress.stateHash)
  if (before === '' || before === String(levels)) return
  log.warn({ levels, before }, 'other --levels than the messages before')
}
