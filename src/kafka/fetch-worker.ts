/** What a fetching thread runs: it reads its share of the input's partitions and hands the records over, packed. */
import { parentPort } from 'node:worker_threads'
import { DepthlineError, type ErrorCode } from '../errors.js'
import { buffersOf, type PackedRecords, pack } from '../wire/packed-batch.js'
import { type Cluster, connect, disconnect, type KafkaLog, type KafkaSettings } from './client.js'
import { PartitionConsumer } from './partition-consumer.js'
import type { Share } from './pinned-assigner.js'
import { restAfter } from './rest.js'

/** What it connects to; where it starts is said later, when its owner knows. */
export interface FetchPlan {
  readonly settings: KafkaSettings
  readonly topic: string
  /** Begins the name of the consumer's own group. */
  readonly job: string
}

export interface FetchStart {
  /** Where to start, by partition number. */
  readonly positions: readonly number[]
  readonly share: Share
}

/** From the thread to the one that owns it. */
export type FetchReport =
  | { readonly kind: 'batch'; readonly packed: PackedRecords }
  | { readonly kind: 'position'; readonly partition: number; readonly position: number }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn'
      readonly fields: object
      readonly message: string
    }
  /** The last one, after which the owner ends the thread. */
  | { readonly kind: 'stopped' }
  /** The same; `code` is missing where it is a bug. */
  | {
      readonly kind: 'failed'
      readonly code: ErrorCode | undefined
      readonly message: string
      readonly retriable: boolean
    }

/** From its owner to the thread; `taken` says how many records it is done with. */
export type FetchCommand =
  | ({ readonly kind: 'connect' } & FetchPlan)
  | ({ readonly kind: 'start' } & FetchStart)
  | { readonly kind: 'taken'; readonly records: number }
  | { readonly kind: 'pause' | 'resume'; readonly partition: number }
  | { readonly kind: 'stop' }

/** So many records may be on their way, so that neither thread waits for the other; they are 3 MB. */
const AHEAD = 20_000
const RETRY_MS = 500

function report(message: FetchReport, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer)
}

const logTo = (level: 'debug' | 'info' | 'warn') => (fields: object, message: string) =>
  report({ kind: 'log', level, fields, message })
const log: KafkaLog = { debug: logTo('debug'), info: logTo('info'), warn: logTo('warn') }

/** Counts the records on their way to the owner. */
class Ahead {
  #records = 0
  #waiting: (() => void)[] = []

  /** @returns when more may be sent */
  async sent(records: number): Promise<void> {
    this.#records += records
    while (this.#records > AHEAD) await new Promise<void>((go) => this.#waiting.push(go))
  }

  taken(records: number): void {
    this.#records -= records
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}

/** What the owner says once; undefined where it says to stop instead. */
class Answer<T> {
  give: (value: T | undefined) => void = () => {}
  readonly given = new Promise<T | undefined>((resolve) => {
    this.give = resolve
  })
}

/** Waits to be told what to connect to, then where to start, and reads until it is told to stop. */
async function read(): Promise<void> {
  const ahead = new Ahead()
  const stopper = new AbortController()
  const asked = new Answer<FetchPlan>()
  const started = new Answer<FetchStart>()
  let consumer: PartitionConsumer | undefined
  parentPort!.on('message', (command: FetchCommand) => {
    if (command.kind === 'connect') asked.give(command)
    else if (command.kind === 'start') started.give(command)
    else if (command.kind === 'taken') ahead.taken(command.records)
    else if (command.kind === 'pause') consumer?.pause(command.partition)
    else if (command.kind === 'resume') consumer?.resume(command.partition)
    else {
      asked.give(undefined)
      started.give(undefined)
      stopper.abort()
      consumer?.stop()
    }
  })
  const plan = await asked.given
  if (plan === undefined) return
  const cluster = await connected(plan.settings, stopper.signal)
  try {
    const start = await started.given
    if (start === undefined) return
    consumer = newConsumer(cluster, { ...plan, ...start }, ahead)
    await consumer.run()
  } finally {
    await disconnect(cluster)
  }
}

/** The owner has reached Kafka a moment ago, so a broker that does not answer comes back. */
async function connected(settings: KafkaSettings, stopping: AbortSignal): Promise<Cluster> {
  for (;;) {
    try {
      return await connect(settings, log, stopping)
    } catch (error) {
      if (!(error instanceof DepthlineError) || error.code !== 'KAFKA_UNREACHABLE') throw error
      log.warn({ reason: error.message }, 'connecting again')
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

function newConsumer(
  cluster: Cluster,
  { topic, job, positions, share }: FetchPlan & FetchStart,
  ahead: Ahead,
): PartitionConsumer {
  const kept = [...positions]
  return new PartitionConsumer(cluster, {
    topic,
    job,
    positions: kept,
    share,
    overlap: 1,
    handle: async ({ partition, records }) => {
      const packed = pack(partition, records)
      report({ kind: 'batch', packed }, buffersOf(packed))
      await ahead.sent(records.length)
      await restAfter(records.length)
    },
    onPosition: (partition) => report({ kind: 'position', partition, position: kept[partition]! }),
  })
}

try {
  await read()
  report({ kind: 'stopped' })
} catch (error) {
  const known = error instanceof DepthlineError ? error : undefined
  const message = known?.message ?? (error instanceof Error ? error.stack : String(error)) ?? ''
  report({ kind: 'failed', code: known?.code, message, retriable: known?.retriable ?? false })
}
