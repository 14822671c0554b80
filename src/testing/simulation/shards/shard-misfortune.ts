/** What goes wrong only where there are shards: in the group, in the topic between, and with clocks that must agree. */
import { often } from '../misfortune.js'
import type { ShardFleet } from './shard-fleet.js'
import type { ShardWorld } from './shard-world.js'

const COMPACTION_MS = 900
const CLOCK_FAULTS = ['clockSteps', 'skew', 'drift'] as const

export class ShardMisfortune {
  readonly #shards: ShardWorld
  readonly #fleet: ShardFleet

  constructor(shards: ShardWorld, fleet: ShardFleet) {
    this.#shards = shards
    this.#fleet = fleet
  }

  /** Puts the whole run's misfortunes into the schedule. */
  schedule(): void {
    const { world, group } = this.#shards
    often(world, { kind: 'additions', most: 3 }, () => this.#fleet.startMember())
    often(world, { kind: 'removals', most: 2 }, () => this.#remove())
    often(world, { kind: 'expulsions', most: 4 }, () => group.expel())
    often(world, { kind: 'longPauses', most: 1 }, () => this.#pauseMerger())
    often(world, { kind: 'lostDisks', most: 2 }, () => world.random.pick(world.hosts).disk.empty())
    if (world.plan.faults.has('compaction')) this.#keepCompacting()
  }

  /** Clocks that are wrong are set, as they must be for shards to agree on seconds. */
  calm(): void {
    const { hosts, plan, scheduler } = this.#shards.world
    const isWrong = CLOCK_FAULTS.some((kind) => plan.faults.has(kind))
    if (isWrong) for (const host of hosts) host.setClock(scheduler.now)
  }

  /** At no time in particular, also while it is calm. */
  #keepCompacting(): void {
    const { world, levels } = this.#shards
    world.scheduler.after(world.random.below(2 * COMPACTION_MS), () => {
      levels.compact(2 * world.plan.maxBehindMs)
      this.#keepCompacting()
    })
  }

  #remove(): void {
    const { world } = this.#shards
    const { members } = this.#fleet
    if (members.length < 2) return
    const process = world.random.pick(members)
    world.note(process.name, 'told to stop for good')
    process.stop()
  }

  /** Of all the mergers that there are, so that none takes over. */
  #pauseMerger(): void {
    const { world } = this.#shards
    const paused = this.#fleet.mergers.filter(({ isPaused }) => !isPaused)
    for (const process of paused) {
      process.pause()
      world.note(process.name, 'paused for long')
      world.scheduler.after(2 * world.plan.maxBehindMs + world.random.below(6_000), () => {
        if (process.isPaused) process.resume()
      })
    }
  }
}
