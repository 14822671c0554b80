/** `run --role shard`: a shard for each partition that the group gives to this process. */
import { DepthlineError } from '../errors.js'
import { lostLog } from './lost-log.js'
import type { RunMonitor } from './monitor.js'
import type { Clock, Log, ShardGroup } from './ports.js'
import { type LivingShard, runShard, type ShardOptions, type ShardPorts } from './shard.js'
import { ShardsState } from './shards-state.js'
import { unlessAborted } from './stopping.js'

/** Who has taken a partition over may not have told the group yet, and Kafka may be away. */
const RETRY_MS = 1_500

export interface ShardsOptions extends Omit<ShardOptions, 'partition'> {
  /** Of the input. */
  readonly partitions: number
}

export interface ShardsPorts {
  readonly group: ShardGroup
  /** What one shard needs of the world. */
  open(partition: number): Promise<Pick<ShardPorts, 'source' | 'transactions' | 'snapshots'>>
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: RunMonitor | undefined
}

/** Of this process. */
export interface ShardsSummary {
  /** Partitions taken over. */
  readonly takeovers: number
  readonly commits: number
  /** Level records published. */
  readonly levels: number
  readonly deadLetters: number
}

/**
 * Runs until `signal` aborts, then finishes the commits in hand and leaves the group.
 *
 * @throws DepthlineError where a partition can never go on, as {@link run} does; a partition that
 * another process has taken over is no reason to end
 */
export async function runShards(
  ports: ShardsPorts,
  options: ShardsOptions,
  signal: AbortSignal,
): Promise<ShardsSummary> {
  const shards = new Shards(ports, options)
  const leaving = new AbortController()
  ports.monitor?.begun(() => shards.state.read())
  const membership = ports.group.join((partitions) => shards.assign(partitions), leaving.signal)
  try {
    await unlessAborted(signal, Promise.race([membership, shards.failed]))
  } finally {
    await shards.stop()
    leaving.abort()
    await membership.catch(() => {})
  }
  return shards.state.summary()
}

interface Held {
  readonly stopping: AbortController
  /** Never rejects. */
  readonly done: Promise<void>
}

class Shards {
  readonly state: ShardsState
  /** Rejects when a shard can never go on. */
  readonly failed: Promise<never>
  readonly #ports: ShardsPorts
  readonly #options: ShardsOptions
  readonly #held = new Map<number, Held>()
  #attempts = 0
  #isStopped = false
  #fail: (error: unknown) => void = () => {}

  constructor(ports: ShardsPorts, options: ShardsOptions) {
    this.#ports = ports
    this.#options = options
    this.state = new ShardsState(ports.clock)
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
  }

  /** Lets go of what is another's now, and begins what is new; what stays is not touched. */
  assign(partitions: readonly number[]): void {
    if (this.#isStopped) return
    this.#ports.log.info({ partitions }, 'partitions assigned')
    this.state.isMember = true
    const added = partitions.find((partition) => partition >= this.#options.partitions)
    if (added !== undefined) {
      const found = `the input has a new partition ${added}: their number must stay as it was`
      this.#fail(lostLog(found))
      return
    }
    for (const [partition, { stopping }] of this.#held) {
      if (!partitions.includes(partition)) stopping.abort()
    }
    for (const partition of partitions) {
      const before = this.#held.get(partition)
      if (before !== undefined && !before.stopping.signal.aborted) continue
      const stopping = new AbortController()
      const done = this.#hold(partition, stopping.signal, before?.done).catch(this.#fail)
      this.#held.set(partition, { stopping, done })
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { stopping } of this.#held.values()) stopping.abort()
    await Promise.all([...this.#held.values()].map(({ done }) => done))
  }

  /** Has a shard for as long as the partition is this process's, a new one where one ends before. */
  async #hold(partition: number, signal: AbortSignal, before?: Promise<void>): Promise<void> {
    const { clock, log } = this.#ports
    await before
    while (!signal.aborted) {
      try {
        await this.#runOne(partition, signal)
      } catch (error) {
        const mayPass =
          error instanceof DepthlineError && (error.code === 'FENCED' || error.retriable)
        if (!mayPass) throw error
        log.warn({ partition, reason: error.message }, 'shard lost')
        await clock.sleep(RETRY_MS, signal)
      }
    }
  }

  async #runOne(partition: number, signal: AbortSignal): Promise<void> {
    const { clock, log, monitor, open } = this.#ports
    const { job, owner } = this.#options
    const opened = await open(partition)
    if (signal.aborted) return
    const identity = { job: `${job}.shard.${partition}`, owner: `${owner}.${++this.#attempts}` }
    const options = { ...this.#options, ...identity, partition }
    let shard: LivingShard | undefined
    const begun = (living: LivingShard) => {
      shard = living
      this.state.add(partition, living)
    }
    log.info({ partition }, 'taking over')
    try {
      await runShard({ ...opened, clock, log, monitor }, options, begun, signal)
    } finally {
      if (shard !== undefined) this.state.remove(partition)
    }
  }
}
