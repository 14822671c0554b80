/** What a seed's simulation of shards and merger is like: what is as for one process, and what they have besides. */
import type { Random } from '../../random.js'
import { makePlan, type Plan, type SingleFaultKind } from '../plan.js'

/** As in the plan of one process, how many of 100 seeds have each. */
const SHARD_FAULT_KINDS = {
  /** One more member. */
  additions: 45,
  /** A member leaves, and nobody comes for it. */
  removals: 25,
  /** The group takes a living member for dead. */
  expulsions: 35,
  /** Members learn seconds late what is theirs now. */
  lateAssignments: 35,
  /** The hosts' clocks are up to some seconds apart. */
  skew: 25,
  /** The levels topic keeps only the newest record of what is old. */
  compaction: 60,
  /** A merger gets what shards publish up to seconds late, in each partition of the topic for itself. */
  slowReading: 25,
  /** So long that a merger may have missed what was compacted meanwhile. */
  longPauses: 20,
  /** A host loses all of its snapshots. */
  lostDisks: 25,
} as const

export type ShardFaultKind = keyof typeof SHARD_FAULT_KINDS

/** The input stays whole, and its ids in their partitions: what shards rely on. */
const NOT_HERE: readonly SingleFaultKind[] = ['retention', 'replacement', 'sluggishness']

export interface ShardPlan extends Plan {
  /** Processes with shards at the start. */
  readonly members: number
  /** Of the levels topic; a shard writes to the one of its number modulo this. */
  readonly topicPartitions: number
  /** What the merger is told; records of the topic are twice as old before they are compacted. */
  readonly maxBehindMs: number
}

export function makeShardPlan(random: Random): ShardPlan {
  const plan = makePlan(random)
  const faults = new Set(plan.faults)
  for (const kind of NOT_HERE) faults.delete(kind)
  // Seeds that are calm for one process are calm here too.
  for (const [kind, percent] of Object.entries(SHARD_FAULT_KINDS) as [ShardFaultKind, number][]) {
    if (faults.size > 0 && random.chance(percent / 100)) faults.add(kind)
  }
  const partitions = random.pick([1, 2, 3, 4, 6])
  const maxBehindMs = random.pick([7_000, 9_000, 14_000])
  // What is compacted must be there for as long as records are kept from that.
  const isLong = faults.has('compaction') && random.chance(0.4)
  return {
    ...plan,
    ...{ faults, partitions, maxBehindMs, isKeyed: true, acceptIncomplete: false },
    seconds: isLong ? 2 * (maxBehindMs / 1_000) + 5 + random.below(15) : plan.seconds,
    closedWindow: random.pick([3, 8, 50, 250_000]),
    snapshotSeconds: 2 + random.below(7),
    hosts: 1 + random.below(3),
    clockSpreadMs: faults.has('skew') ? random.pick([300, 1_500, 4_000]) : 20,
    members: 1 + random.below(4),
    topicPartitions: random.chance(0.5) ? partitions : 1 + random.below(partitions),
  }
}
