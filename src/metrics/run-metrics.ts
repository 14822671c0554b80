/** The metrics of `run`: its own counts, read when somebody looks, and how late each tick was. */
import { Histogram } from 'prom-client'
import { countsAs, OUTCOME_NAMES, Outcome } from '../book/outcome.js'
import { READ_FAULTS } from '../wire/order-event-reader.js'
import { type JobIdentity, JobRegistry, TICK_BUCKETS, type Values } from './job-registry.js'

const REJECTED = OUTCOME_NAMES.filter((name) => countsAs(Outcome[name]) === 'rejected')
const REASONS = [...READ_FAULTS, ...REJECTED]
const OUTCOMES = OUTCOME_NAMES.filter((name) => !REJECTED.includes(name))
const ROLES = ['starting', 'standby', 'leader', 'shard'] as const

/** What `run` says of itself when it is asked. */
interface Reading {
  readonly role: 'starting' | 'standby' | 'leader' | 'shard'
  readonly records: {
    readonly applied: number
    readonly ignored: number
    readonly rejected: number
    readonly tombstones: number
    readonly byOutcome: Readonly<Record<string, number>>
  }
  readonly ticks: number
  readonly missed: number
  readonly deadLetters: number
  readonly openOrders: number
  readonly waitingCloses: number
  readonly symbols: number
  readonly levels: { readonly bids: number; readonly asks: number }
  readonly crossed: number
  readonly lastTick: { readonly tick: number; readonly agoMs: number } | undefined
  readonly snapshots: {
    readonly taken: number
    readonly failures: number
    readonly last:
      | { readonly tick: number; readonly durationMs: number; readonly bytes: number }
      | undefined
  }
}

export interface RunMetricsOptions extends JobIdentity {
  /** The job's name, which is its lock: two processes of one name must not lead. */
  readonly name: string
  readonly snapshotSeconds: number
  /** By partition, how much is still to be read; undefined where that is not known. */
  lags(): readonly number[] | undefined
}

export class RunMetrics extends JobRegistry {
  #read: () => Reading | undefined = () => undefined
  #reading: Reading | undefined
  readonly #lateness: Histogram

  constructor(options: RunMetricsOptions) {
    super(options)
    this.#lateness = new Histogram({
      name: 'depthline_tick_lateness_seconds',
      help: 'How long after its second began each tick was committed.',
      buckets: TICK_BUCKETS,
      registers: [this.prometheus],
    })
    const reading = () => this.#reading
    addRecords(this, reading)
    addTicks(this, reading, options)
    addBooks(this, reading)
    addSnapshots(this, reading, options)
    this.gauge({
      name: 'depthline_lag_records',
      help: 'Records of the input that are still to be applied, by partition; none where Kafka does not say.',
      labelNames: ['partition'],
      // Before there are books nobody reads, and what is asked for then is no lag.
      read: () => reading() && byPartition(options.lags()),
    })
  }

  begun(read: () => Reading): void {
    this.#read = read
  }

  ticked(latenessMs: number): void {
    this.#lateness.observe(Math.max(0, latenessMs) / 1000)
  }

  /** Undefined before there are books. */
  read(): Reading | undefined {
    return this.#read()
  }

  /** All values are of one moment. */
  page(): Promise<string> {
    this.#reading = this.#read()
    return this.prometheus.metrics()
  }
}

type Read = () => Reading | undefined

function byPartition(lags: readonly number[] | undefined): Values {
  return lags?.map((lag, partition) => [{ partition: String(partition) }, lag])
}

function addRecords(registry: JobRegistry, reading: Read): void {
  const byOutcome = (name: string) => reading()?.records.byOutcome[name] ?? 0
  registry.counter({
    name: 'depthline_records_total',
    help: 'Records of the input since this process had caught up, by what they count as.',
    labelNames: ['kind'],
    read: () => {
      const { applied = 0, ignored = 0, rejected = 0, tombstones = 0 } = reading()?.records ?? {}
      return Object.entries({ applied, ignored, rejected, tombstones }).map(([kind, number]) => [
        { kind },
        number,
      ])
    },
  })
  registry.counter({
    name: 'depthline_events_total',
    help: 'Events since this process had caught up that were applied or ignored, by outcome.',
    labelNames: ['outcome'],
    read: () => OUTCOMES.map((outcome) => [{ outcome }, byOutcome(outcome)]),
  })
  registry.counter({
    name: 'depthline_rejected_records_total',
    help: 'Records since this process had caught up that were rejected, by reason.',
    labelNames: ['reason'],
    read: () => REASONS.map((reason) => [{ reason }, byOutcome(reason)]),
  })
  registry.counter({
    name: 'depthline_dead_letters_total',
    help: 'Dead letters published by this process.',
    read: () => reading()?.deadLetters ?? 0,
  })
}

function addTicks(registry: JobRegistry, reading: Read, { name }: RunMetricsOptions): void {
  registry.gauge({
    name: 'depthline_role',
    help: 'Whether the process is starting, a standby, the leader or one with shards: 1 for what it is, 0 else; name is the job.',
    labelNames: ['name', 'role'],
    read: () => {
      const own = reading()?.role ?? 'starting'
      return ROLES.map((role) => [{ name, role }, role === own ? 1 : 0])
    },
  })
  registry.counter({
    name: 'depthline_ticks_total',
    help: 'Ticks published by this process.',
    read: () => reading()?.ticks ?? 0,
  })
  registry.counter({
    name: 'depthline_missed_ticks_total',
    help: 'Seconds between two ticks, or before the first one of this process, that got none.',
    read: () => reading()?.missed ?? 0,
  })
  registry.gauge({
    name: 'depthline_last_tick_timestamp_seconds',
    help: 'The newest tick that this process has published or, as a standby, followed; 0 where there is none yet.',
    read: () => reading()?.lastTick?.tick ?? 0,
  })
}

function addBooks(registry: JobRegistry, reading: Read): void {
  const gauge = (name: string, help: string, read: (from: Reading) => number) => {
    registry.gauge({ name, help, read: () => mapped(reading(), read) })
  }
  gauge('depthline_open_orders', 'Orders that rest in the books.', (from) => from.openOrders)
  gauge(
    'depthline_waiting_closes',
    'Closes that wait for their open.',
    (from) => from.waitingCloses,
  )
  gauge('depthline_symbols', 'Symbols with an order in their book.', (from) => from.symbols)
  gauge(
    'depthline_crossed_books',
    'Symbols whose best bid was at or above their best ask at the last tick.',
    (from) => from.crossed,
  )
  registry.gauge({
    name: 'depthline_levels',
    help: 'Price levels in all books at the last tick, by side.',
    labelNames: ['side'],
    read: () =>
      mapped(reading(), ({ levels }) => [
        [{ side: 'bids' }, levels.bids],
        [{ side: 'asks' }, levels.asks],
      ]),
  })
}

function addSnapshots(
  registry: JobRegistry,
  reading: Read,
  { snapshotSeconds }: RunMetricsOptions,
): void {
  const last = () => reading()?.snapshots.last
  registry.counter({
    name: 'depthline_snapshots_total',
    help: 'Snapshots that were kept, wherever.',
    read: () => reading()?.snapshots.taken ?? 0,
  })
  registry.counter({
    name: 'depthline_snapshot_failures_total',
    help: 'Failures to write a snapshot, each place by itself.',
    read: () => reading()?.snapshots.failures ?? 0,
  })
  registry.gauge({
    name: 'depthline_snapshot_timestamp_seconds',
    help: 'The tick of the newest snapshot of this process; 0 where there is none yet.',
    read: () => last()?.tick ?? 0,
  })
  registry.gauge({
    name: 'depthline_snapshot_interval_seconds',
    help: 'Time between two snapshots (--snapshot-seconds).',
    read: () => snapshotSeconds,
  })
  registry.gauge({
    name: 'depthline_snapshot_duration_seconds',
    help: 'Time that the newest snapshot took, which goes on beside everything else.',
    read: () => mapped(last(), ({ durationMs }) => durationMs / 1000),
  })
  registry.gauge({
    name: 'depthline_snapshot_size_bytes',
    help: 'Size of the newest snapshot.',
    read: () => last()?.bytes,
  })
}

function mapped<T>(from: T | undefined, read: (from: T) => Values): Values {
  return from === undefined ? undefined : read(from)
}
