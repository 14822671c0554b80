/** What a seed's simulation is like: its input, its options, and which kinds of fault it has. */
import type { Random } from '../random.js'
import type { ShardFaultKind } from './shards/shard-plan.js'

/** Every kind of fault, and how many of 100 seeds have it. */
const FAULT_KINDS = {
  /** A request is lost, or its answer, or both come very late. */
  lostRequests: 40,
  lostReplies: 40,
  hangs: 30,
  lateRequests: 35,
  slowNetwork: 30,
  outages: 25,
  /** Every send takes longer than a second, so that no tick comes in time. */
  sluggishness: 3,
  /** Commits that are accepted become visible seconds later. */
  slowMarkers: 15,
  crashes: 60,
  hostCrashes: 30,
  pauses: 35,
  stops: 30,
  standbys: 35,
  /** Two processes are started at once. */
  rivals: 25,
  clockSteps: 25,
  drift: 40,
  earlyTimers: 50,
  /** Reading breaks off and goes on at the last record handed over. */
  breaks: 45,
  /** Offsets that hold markers or aborted records. */
  gaps: 35,
  retention: 15,
  replacement: 4,
  diskErrors: 20,
  bitFlips: 20,
  slowDisk: 20,
  /** Snapshots are ignored at some starts. */
  rebuilds: 15,
} as const

export type SingleFaultKind = keyof typeof FAULT_KINDS
export type FaultKind = SingleFaultKind | ShardFaultKind

export interface Plan {
  readonly faults: ReadonlySet<FaultKind>
  /** Virtual seconds until the faults stop. */
  readonly seconds: number
  readonly partitions: number
  readonly records: number
  /** How many of them lie there when the first process starts. */
  readonly backlog: number
  /** False: the records of an id may lie in several partitions. */
  readonly isKeyed: boolean
  readonly ids: number
  readonly symbols: number
  readonly closedWindow: number
  readonly levels: number
  readonly snapshotSeconds: number
  readonly hosts: number
  /** So far apart the hosts' clocks are at most, before they drift or step. */
  readonly clockSpreadMs?: number
  readonly acceptIncomplete: boolean
}

export function makePlan(random: Random): Plan {
  // A tenth of all seeds are calm: there, not one second may go without its tick.
  const weight = random.pick([0, 0.5, 1, 1, 1, 1, 1, 1.5, 1.5, 1.5])
  const kinds = Object.entries(FAULT_KINDS) as [SingleFaultKind, number][]
  const faults = new Set<FaultKind>()
  for (const [kind, percent] of kinds) {
    if (random.chance((weight * percent) / 100)) faults.add(kind)
  }
  // Alone, it shows whether dead letters go out although ticks do not.
  if (faults.has('sluggishness') && random.chance(0.5)) {
    faults.clear()
    faults.add('sluggishness')
  }
  // A log that is both cut and replaced cannot be told from one that was only cut.
  if (faults.has('replacement')) faults.delete('retention')
  const isKeyed = random.chance(0.8)
  const records = random.pick([20, 60, 120, 200, 350])
  return {
    faults,
    seconds: 8 + random.below(15),
    partitions: 1 + random.below(4),
    records,
    backlog: random.chance(0.5) ? random.below(records) : 0,
    isKeyed,
    ids: random.pick([8, 30, 120]),
    symbols: 1 + random.below(3),
    closedWindow: isKeyed ? random.pick([3, 8, 50, 250_000]) : 250_000,
    levels: random.pick([1, 3, 15, 15, Number.POSITIVE_INFINITY]),
    snapshotSeconds: 1 + random.below(5),
    hosts: 1 + random.below(2),
    acceptIncomplete: faults.has('retention') && random.chance(0.5),
  }
}
