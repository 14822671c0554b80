/** The run job over an input, transactions and snapshots in memory, on a clock that the test moves. */
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import type { RunMonitor } from '../jobs/monitor.js'
import type {
  BookLog,
  BookTransactor,
  BookWrites,
  LadderTopic,
  OrderSource,
  SnapshotDraft,
  SnapshotStore,
  StoredSnapshot,
} from '../jobs/ports.js'
import { type RunOptions, type RunSummary, run, START as START_POSITION } from '../jobs/run.js'
import type { Progress } from '../wire/progress.js'
import { type RecordBatch, RecordList } from '../wire/record-batch.js'
import type { DeadLetter, InputRecord, Offsets, Tick } from '../wire/records.js'
import { FakeClock } from './fake-clock.js'

/** Milliseconds since 1970 at which every test begins. */
export const START = 1_700_000_000_000

export const RUN_OPTIONS: RunOptions = {
  job: 'order-book',
  owner: 'this process',
  levels: 15,
  limits: DEFAULT_LIMITS,
  seed: 1,
  random: () => 0.5,
  version: '9.9.9',
  standby: false,
  snapshotSeconds: 30,
  rebuild: false,
  acceptIncomplete: false,
}

/** What a process before this one has committed. */
export function progressOf(change: Partial<Progress>): Progress {
  return {
    ...START_POSITION,
    owner: 'another process',
    lineage: 'the lineage',
    sequence: 1,
    version: '1',
    ...change,
  }
}

export class MemorySource implements OrderSource {
  readonly topic = 'orders'
  lows = [0, 0]
  highs = [10, 1000]
  behind = 0
  from: Offsets = []
  #handle: (batch: RecordBatch) => Promise<void> = async () => {}
  #fail: (error: unknown) => void = () => {}
  #next = [0, 0]

  async ranges() {
    return this.lows.map((low, partition) => ({ low, high: this.highs[partition]! }))
  }

  async lag() {
    return this.behind
  }

  consume(from: Offsets, handle: (batch: RecordBatch) => Promise<void>): Promise<void> {
    this.from = [...from]
    this.#handle = handle
    return new Promise((_, reject) => {
      this.#fail = reject
    })
  }

  /** Hands over a batch; resolves when it is applied. */
  feed(partition: number, values: readonly (string | null)[]): Promise<void> {
    const start = Math.max(this.#next[partition]!, this.lows[partition]!)
    this.#next[partition] = start + values.length
    const records = values.map((value, index) => recordOf(value, start + index))
    return this.redeliver(partition, records)
  }

  redeliver(partition: number, records: readonly InputRecord[]): Promise<void> {
    return this.#handle(new RecordList(partition, records)).catch((error) => this.#fail(error))
  }

  /** The partitions that the job asks no more of. */
  readonly paused = new Set<number>()

  pause(partition: number): void {
    this.paused.add(partition)
  }

  resume(partition: number): void {
    this.paused.delete(partition)
  }

  async stop(): Promise<void> {}
}

export function recordOf(value: string | null, offset: number): InputRecord {
  const bytes = value === null ? null : new TextEncoder().encode(value)
  return { key: null, value: bytes, offset: String(offset), timestamp: '7' }
}

/** With its value as text. */
export type PublishedTick = Omit<Tick, 'value'> & { readonly value: string }

/** One job's topics. Several processes may share them, as they share a broker. */
export class MemoryTransactions implements BookLog {
  progress: Progress | undefined
  readonly ticks: PublishedTick[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly commits: BookWrites[] = []
  /** What happens before a commit takes effect; false where it fails and nothing is written. */
  before: (tick: Tick | undefined) => Promise<boolean> = async () => true
  #epoch = 0
  #followers: ((progress: Progress) => void)[] = []

  async fence(): Promise<BookTransactor> {
    const epoch = ++this.#epoch
    return {
      commit: (writes, isTooLate) => this.#commit(epoch, writes, isTooLate),
      discard: async () => {},
    }
  }

  async readProgress(): Promise<Progress | undefined> {
    return this.progress
  }

  followProgress(handle: (progress: Progress) => void): Promise<void> {
    this.#followers.push(handle)
    return new Promise(() => {})
  }

  /** The commits of records, without those that only claim the job. */
  get works(): BookWrites[] {
    return this.commits.filter(({ progress }) => progress.offsets.length > 0)
  }

  async #commit(epoch: number, writes: BookWrites, isTooLate: () => boolean): Promise<boolean> {
    if (!(await this.before(writes.tick))) throw unreachable('the broker is away')
    if (epoch !== this.#epoch) throw unreachable('fenced')
    if (isTooLate()) return false
    this.commits.push(writes)
    this.deadLetters.push(...writes.deadLetters)
    const { tick } = writes
    if (tick !== undefined)
      this.ticks.push({ ...tick, value: new TextDecoder().decode(tick.value) })
    this.progress = writes.progress
    for (const follow of this.#followers) follow(writes.progress)
    return true
  }
}

export function unreachable(message: string): DepthlineError {
  return new DepthlineError('KAFKA_UNREACHABLE', message, { retriable: true })
}

export class MemorySnapshots implements SnapshotStore {
  readonly name = 'memory'
  snapshots: { tick: number; bytes: Uint8Array[] }[] = []
  /** What happens before a piece is written. */
  before: () => Promise<void> = async () => {}

  async list(): Promise<StoredSnapshot[]> {
    return this.snapshots.map(({ tick, bytes }) => ({
      tick,
      name: `snapshot ${tick}`,
      async *read() {
        yield* bytes
      },
    }))
  }

  async create(): Promise<SnapshotDraft> {
    const bytes: Uint8Array[] = []
    return {
      write: async (piece) => {
        await this.before()
        bytes.push(piece)
      },
      publish: async (tick) => {
        this.snapshots = [{ tick, bytes }, ...this.snapshots].slice(0, 2)
      },
      discard: async () => {},
    }
  }
}

export class Logged {
  readonly lines: string[] = []
  info = (_: object, message: string) => void this.lines.push(message)
  warn = this.info
  error = this.info
}

export interface Stage {
  readonly clock: FakeClock
  readonly source: MemorySource
  readonly transactions: MemoryTransactions
  readonly snapshots: MemorySnapshots
  readonly log: Logged
  readonly ladders?: LadderTopic
  readonly monitor?: RunMonitor
}

export interface RunningJob extends Stage {
  /** Rejects where the job fails. */
  readonly done: Promise<RunSummary>
  /** Stops the job and gives its summary. */
  stop(): Promise<RunSummary>
}

/** Starts a job on a stage of its own, or on what is given of another's. */
export async function startJob(
  given: Partial<Stage> = {},
  options: Partial<RunOptions> = {},
): Promise<RunningJob> {
  const stage: Stage = {
    clock: new FakeClock(START),
    source: new MemorySource(),
    transactions: new MemoryTransactions(),
    snapshots: new MemorySnapshots(),
    log: new Logged(),
    ...given,
  }
  const stopping = new AbortController()
  const ports = { ...stage, snapshots: [stage.snapshots] }
  const done = run(ports, { ...RUN_OPTIONS, ...options }, stopping.signal)
  // A failure is looked at when the test stops the job; until then it must not count as unhandled.
  done.catch(() => {})
  await stage.clock.advance(0)
  return {
    ...stage,
    done,
    stop() {
      stopping.abort()
      return done
    },
  }
}
