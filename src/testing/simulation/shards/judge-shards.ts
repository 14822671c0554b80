/** Judges a simulation of shards and merger when it is over: all that was published, and how everybody ended. */
import { DepthlineError } from '../../../errors.js'
import { JOB } from '../broker.js'
import type { SimulatedProcess } from '../process.js'
import { judgeMergedTicks } from './judge-merged-ticks.js'
import { judgePartition } from './judge-partition.js'
import { shardName } from './shard-log.js'
import type { ShardWorld } from './shard-world.js'

/** What was not as it must be, in words. */
export function judgeShards(shards: ShardWorld, isCaughtUp: boolean): string[] {
  const { world } = shards
  countAll(shards)
  const wrong: string[] = []
  for (let partition = 0; partition < world.plan.partitions; partition++) {
    wrong.push(...judgePartition(world, partition))
  }
  wrong.push(...judgeMergedTicks(shards))
  if (!isCaughtUp) wrong.push('no tick had all of the input, and all of it new, after the faults')
  for (const { disk } of world.hosts) wrong.push(...disk.loadedDamaged)
  for (const process of world.processes) {
    const reason = judgeEnd(shards, process)
    if (reason !== undefined) wrong.push(`${process.name} ${reason}`)
  }
  return wrong
}

function judgeEnd({ world }: ShardWorld, process: SimulatedProcess): string | undefined {
  const { end, stoppedAt, isGone } = process
  if (end === undefined) return isGone ? undefined : 'was told to stop and did not leave'
  const { error, at } = end
  if (error === undefined) return stoppedAt === undefined ? 'left without being told' : undefined
  if (!(error instanceof DepthlineError)) return `crashed: ${(error as Error).stack ?? error}`
  const what = `ended with ${error.code} (${error.message})`
  if (error.code === 'FENCED') {
    const others = world.broker.committed.filter(
      ({ job, by, committedAt }) => job === JOB && by !== process && committedAt <= at,
    )
    const isThere = others.some(({ committedAt }) => committedAt >= process.startedAt)
    return isThere ? undefined : `${what}, and there was no other`
  }
  // Rivals whose claims are all answered late may not get past each other; a shard only tries again.
  const mayPass = error.code === 'KAFKA_UNREACHABLE' || error.code === 'KAFKA_FAILED'
  return mayPass && process.networkFaults > 0 ? undefined : what
}

function countAll({ world, sightings }: ShardWorld): void {
  const { broker, processes, input, plan } = world
  world.count('processes', processes.length)
  world.count('records', input.history.flat().length)
  world.count('marks read', sightings.length)
  for (let partition = 0; partition < plan.partitions; partition++) {
    const owners = ofJob(world, shardName(partition)).map(({ by }) => by)
    const moves = owners.filter((owner, at) => at > 0 && owner !== owners[at - 1])
    world.count('partitions moved', moves.length)
  }
  const mergers = ofJob(world, JOB).map(({ by }) => by)
  world.count(
    'mergers changed',
    mergers.filter((merger, at) => at > 0 && merger !== mergers[at - 1]).length,
  )
  for (const { writes, by, committedAt, job } of broker.committed) {
    const { tick, deadLetters, mark, levels = [] } = writes
    world.count('dead letters', deadLetters.length)
    world.count('level records', levels.length)
    if (mark !== undefined) world.count('marks')
    if (tick !== undefined) world.count('ticks')
    if (tick?.headers.clock === 'held') world.count('ticks by a held clock')
    if (tick?.headers.stale !== undefined) world.count('stale ticks')
    if (Number(tick?.headers.missed) > 0) world.count('ticks after missed seconds')
    if (by.goneAt < committedAt)
      world.count(`commits of gone ${job === JOB ? 'mergers' : 'members'}`)
  }
  for (const { state, job } of broker.inDoubt) {
    const whose = job === JOB ? 'merger' : 'shard'
    const what = state === 'committed' ? 'was done' : 'was not done'
    world.count(`${whose} in doubt, ${what}`)
  }
}

function ofJob({ broker }: ShardWorld['world'], name: string) {
  return broker.committed.filter(({ job }) => job === name)
}
