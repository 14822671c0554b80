/** What a process with shards is like at this moment: the sum of its shards, those that have ended included where it counts. */
import type { RunReading, SeenTick } from './monitor.js'
import type { RecordCounts } from './order-processor.js'
import type { Clock } from './ports.js'
import { recordsSince, sizesOf } from './run-state.js'
import type { LivingShard } from './shard.js'
import type { ShardsSummary } from './shards.js'

interface Figures {
  readonly records: RecordCounts
  readonly commits: number
  readonly levels: number
  readonly deadLetters: number
  readonly snapshots: number
  readonly snapshotFailures: number
}

interface Entry {
  readonly shard: LivingShard
  readonly begunAtMs: number
}

const NO_RECORDS: RecordCounts = {
  ...{ records: 0, applied: 0, ignored: 0, rejected: 0, tombstones: 0 },
  byOutcome: {},
}
const NONE: Figures = {
  ...{ records: NO_RECORDS, commits: 0, levels: 0, deadLetters: 0 },
  ...{ snapshots: 0, snapshotFailures: 0 },
}

export class ShardsState {
  /** True once the group has let this process in. */
  isMember = false
  readonly #clock: Clock
  readonly #living = new Map<number, Entry>()
  #ended = NONE
  #takeovers = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(partition: number, shard: LivingShard): void {
    this.#takeovers++
    this.#living.set(partition, { shard, begunAtMs: this.#clock.monotonic() })
  }

  remove(partition: number): void {
    const { shard } = this.#living.get(partition)!
    this.#living.delete(partition)
    this.#ended = sumOf([this.#ended, figuresOf(shard)])
  }

  summary(): ShardsSummary {
    const { commits, levels, deadLetters } = this.#figures()
    return { takeovers: this.#takeovers, commits, levels, deadLetters }
  }

  read(): RunReading {
    const { records, deadLetters, snapshots, snapshotFailures } = this.#figures()
    const shards = [...this.#living.values()].map(({ shard }) => shard)
    const processors = shards.map(({ recovery }) => recovery.processor)
    const sum = (read: (processor: (typeof processors)[number]) => number) =>
      processors.reduce((total, processor) => total + read(processor), 0)
    const last = shards.map(({ snapshotter }) => snapshotter.last)
    return {
      role: this.isMember ? 'shard' : 'starting',
      ...{ records, deadLetters, ticks: 0, missed: 0 },
      openOrders: sum(({ books }) => books.openOrders),
      waitingCloses: sum(({ books }) => books.waitingCloses),
      symbols: Math.max(0, ...processors.map((processor) => sizesOf(processor.books).symbols)),
      levels: {
        bids: sum(({ books }) => sizesOf(books).levels.bids),
        asks: sum(({ books }) => sizesOf(books).levels.asks),
      },
      crossed: 0,
      lastTick: this.#lastTick(),
      snapshots: {
        ...{ taken: snapshots, failures: snapshotFailures },
        // The oldest of them is what a takeover may have to begin with.
        last: last.includes(undefined) ? undefined : last.sort((a, b) => a!.tick - b!.tick)[0],
      },
    }
  }

  /** Of the shard that has been silent for longest; undefined where there is none. */
  #lastTick(): SeenTick | undefined {
    const seen = [...this.#living.values()].map(({ shard, begunAtMs }) => {
      const { tick, atMs } = shard.job.published ?? { tick: 0, atMs: begunAtMs }
      return { tick, agoMs: this.#clock.monotonic() - atMs }
    })
    return seen.sort((a, b) => b.agoMs - a.agoMs)[0]
  }

  #figures(): Figures {
    const living = [...this.#living.values()].map(({ shard }) => figuresOf(shard))
    return sumOf([this.#ended, ...living])
  }
}

function figuresOf({ job, recovery, snapshotter, before }: LivingShard): Figures {
  const counts = recovery.processor.counts()
  return {
    records: before === undefined ? NO_RECORDS : recordsSince(before, counts),
    commits: job.commits ?? 0,
    levels: job.levels,
    deadLetters: job.deadLetters,
    snapshots: snapshotter.taken,
    snapshotFailures: snapshotter.failures,
  }
}

function sumOf(all: readonly Figures[]): Figures {
  const sum = (read: (figures: Figures) => number) =>
    all.reduce((total, figures) => total + read(figures), 0)
  const byOutcome: Record<string, number> = {}
  for (const { records } of all) {
    for (const [name, count] of Object.entries(records.byOutcome)) {
      byOutcome[name] = (byOutcome[name] ?? 0) + count
    }
  }
  return {
    records: {
      records: sum(({ records }) => records.records),
      applied: sum(({ records }) => records.applied),
      ignored: sum(({ records }) => records.ignored),
      rejected: sum(({ records }) => records.rejected),
      tombstones: sum(({ records }) => records.tombstones),
      byOutcome,
    },
    commits: sum(({ commits }) => commits),
    levels: sum(({ levels }) => levels),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    snapshots: sum(({ snapshots }) => snapshots),
    snapshotFailures: sum(({ snapshotFailures }) => snapshotFailures),
  }
}
