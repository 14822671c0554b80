/** One simulation of shards and merger: a seed in, what was wrong out. */
import { JOB } from '../broker.js'
import { InputWriter } from '../input-writer.js'
import { Misfortune } from '../misfortune.js'
import type { Simulation } from '../simulate.js'
import { judgeShards } from './judge-shards.js'
import { ShardFleet, type ShardMutant } from './shard-fleet.js'
import { ShardMisfortune } from './shard-misfortune.js'
import { ShardWorld } from './shard-world.js'

/** After the faults all partitions must be in a tick, up to date, within so many virtual ms: clocks may have stepped. */
const CATCH_UP_MS = 120_000
/** All that is told to stop must have left by then: a call in hand may take its whole time limit. */
const LEAVE_MS = 60_000

export async function simulateShards(
  seed: number,
  { mutant, isTraced = false }: { mutant?: ShardMutant; isTraced?: boolean } = {},
): Promise<Simulation> {
  const shards = new ShardWorld(seed, isTraced)
  const { world } = shards
  const { scheduler, plan } = world
  const fleet = new ShardFleet(shards, mutant)
  const input = new InputWriter(world)
  const misfortune = new Misfortune(world, fleet)
  const ofShards = new ShardMisfortune(shards, fleet)
  input.start()
  misfortune.schedule()
  ofShards.schedule()
  shards.group.start()
  scheduler.after(0, () => fleet.start())
  for (let member = 0; member < plan.members; member++) {
    scheduler.after(0, () => fleet.startMember())
  }
  await scheduler.run(() => false, plan.seconds * 1000)
  misfortune.calm()
  ofShards.calm()
  input.finish()
  world.note('world', 'the faults stop')
  const isCaughtUp = await recoverAll(shards, fleet)
  for (const process of fleet.alive) process.stop()
  await scheduler.run(() => fleet.alive.length === 0, scheduler.now + LEAVE_MS)
  const violations = judgeShards(shards, isCaughtUp)
  // What a killed process still listens to is kept by Node until it aborts, and the world with it.
  for (const process of world.processes) process.stopping.abort()
  const { hash: traceHash, lines: trace } = world.trace
  const coverage = world.coverage.sorted()
  return { seed, violations, traceHash, coverage, trace, virtualMs: scheduler.now }
}

/** Starts what nobody else would, until a tick holds the whole input and nothing in it is old. */
async function recoverAll({ world }: ShardWorld, fleet: ShardFleet): Promise<boolean> {
  const { scheduler, input, broker } = world
  const since = scheduler.now
  const isAtEnd = () => {
    const last = broker.committed.findLast(({ job }) => job === JOB)
    if (last?.writes.tick === undefined || last.committedAt < since) return false
    return (
      last.writes.tick.headers.stale === undefined && input.isBelow(last.writes.progress.offsets)
    )
  }
  const isMissing = () => fleet.members.length === 0 || fleet.mergers.length === 0
  for (;;) {
    if (fleet.members.length === 0) fleet.startMember()
    if (fleet.mergers.length === 0) fleet.start()
    const isOver = () => isAtEnd() || isMissing()
    if (!(await scheduler.run(isOver, since + CATCH_UP_MS))) return false
    if (isAtEnd()) return true
  }
}
