/** Starts, and starts again, the processes with shards and the mergers of a simulation: the real jobs. */
import { DEFAULT_LIMITS } from '../../../book/order-books.js'
import { DepthlineError } from '../../../errors.js'
import { type MergeOptions, type MergePorts, merge } from '../../../jobs/merge.js'
import { runShards, type ShardsPorts } from '../../../jobs/shards.js'
import { JOB } from '../broker.js'
import type { Fleet } from '../misfortune.js'
import { SimulatedOrderSource } from '../order-source.js'
import { logOf, SimulatedProcess } from '../process.js'
import { VERSION } from '../supervisor.js'
import { SimulatedTransactionLog } from '../transaction-log.js'
import { SimulatedLevelsReader } from './levels-reader.js'
import { SimulatedShardLog } from './shard-log.js'
import type { ShardWorld } from './shard-world.js'

/** Gives processes other ports than they should have, to see whether anybody notices. */
export interface ShardMutant {
  shard?(ports: ShardsPorts, process: SimulatedProcess, shards: ShardWorld): ShardsPorts
  merge?(ports: MergePorts, process: SimulatedProcess, shards: ShardWorld): MergePorts
}

export class ShardFleet implements Fleet {
  readonly #shards: ShardWorld
  readonly #mutant: ShardMutant
  readonly #members = new Set<SimulatedProcess>()
  /** By process, all that it reads or has read. */
  readonly #reading = new Map<SimulatedProcess, { break(): void }[]>()

  constructor(shards: ShardWorld, mutant: ShardMutant = {}) {
    this.#shards = shards
    this.#mutant = mutant
  }

  get alive(): SimulatedProcess[] {
    return this.#shards.world.processes.filter(({ isGone }) => !isGone)
  }

  get members(): SimulatedProcess[] {
    return this.alive.filter((process) => this.#members.has(process))
  }

  get mergers(): SimulatedProcess[] {
    return this.alive.filter((process) => !this.#members.has(process))
  }

  isMember(process: SimulatedProcess): boolean {
    return this.#members.has(process)
  }

  /** Starts a merger. */
  start(isStandby = false): void {
    const { world } = this.#shards
    const { plan, random } = world
    const process = this.#newProcess(isStandby, isStandby ? 'standby merger' : 'merger')
    const ports: MergePorts = {
      transactions: new SimulatedTransactionLog(world, process),
      topic: 'book.levels',
      openLevels: async () => {
        await world.network.call(process, 'open levels', () => {})
        const reader = new SimulatedLevelsReader(this.#shards, process)
        this.#reading.get(process)!.push(reader)
        return reader
      },
      clock: process.clock,
      log: logOf(world, process),
    }
    const mutated = this.#mutant.merge?.(ports, process, this.#shards) ?? ports
    const options: MergeOptions = {
      ...{ job: JOB, owner: process.name, version: VERSION, standby: isStandby },
      // So few that a tick is printed in many steps, with marks that come between them.
      ...{ stepLevels: 4, levels: plan.levels, random: () => random.next() },
      ...{ partitions: plan.partitions, maxBehindMs: plan.maxBehindMs },
    }
    this.#watch(process, merge(mutated, options, process.stopping.signal))
  }

  startMember(): void {
    const { world, group } = this.#shards
    const { plan, random } = world
    const process = this.#newProcess(false, 'member')
    this.#members.add(process)
    const ports: ShardsPorts = {
      group: group.membershipOf(process),
      open: (partition) => this.#openShard(process, partition),
      clock: process.clock,
      log: logOf(world, process),
    }
    const mutated = this.#mutant.shard?.(ports, process, this.#shards) ?? ports
    const options = {
      ...{ job: JOB, owner: process.name, version: VERSION, partitions: plan.partitions },
      ...{ stepLevels: 4, limits: { ...DEFAULT_LIMITS, closedWindow: plan.closedWindow } },
      ...{ seed: world.seed, random: () => random.next() },
      ...{ rebuild: process.isRebuilding, snapshotSeconds: plan.snapshotSeconds },
    }
    this.#watch(process, runShards(mutated, options, process.stopping.signal))
  }

  startLike(process: SimulatedProcess): void {
    if (this.#members.has(process)) this.startMember()
    else this.start(process.isStandby)
  }

  startInstead(process: SimulatedProcess): void {
    if (this.#members.has(process)) this.startMember()
    else this.start()
  }

  breakReading(): void {
    for (const process of this.alive) {
      for (const reading of this.#reading.get(process)!) reading.break()
    }
  }

  async #openShard(process: SimulatedProcess, partition: number) {
    const { world } = this.#shards
    await world.network.call(process, 'open shard', () => {})
    const source = new SimulatedOrderSource(world, process, partition)
    this.#reading.get(process)!.push(source)
    const { disk } = process.host
    return {
      source,
      transactions: new SimulatedShardLog(this.#shards, process, partition),
      snapshots: [disk.storeFor(process, `${disk.name}/${partition}`)],
    }
  }

  #newProcess(isStandby: boolean, kind: string): SimulatedProcess {
    const { world } = this.#shards
    const host = world.random.pick(world.hosts)
    const process = new SimulatedProcess(world, { host, isStandby })
    world.processes.push(process)
    world.note(process.name, `started as ${kind}`)
    world.count(`started: ${kind}`)
    this.#reading.set(process, [])
    return process
  }

  #watch(process: SimulatedProcess, running: Promise<unknown>): void {
    running.then(
      () => this.#ended(process),
      (error) => this.#ended(process, error),
    )
  }

  #ended(process: SimulatedProcess, error?: unknown): void {
    const { world } = this.#shards
    process.kill()
    process.end = { at: world.scheduler.now, error }
    const code = error instanceof DepthlineError ? error.code : error === undefined ? 'done' : 'bug'
    world.note(process.name, `ended: ${code} ${error ?? ''}`)
    world.count(`ended: ${code}`)
    if (world.isCalm || code === 'FENCED' || code === 'done') return
    world.scheduler.after(200 + world.random.below(2_000), () => {
      if (!world.isCalm) this.startLike(process)
    })
  }
}
