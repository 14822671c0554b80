/** Judges a simulation when it is over: what was published, how everybody ended, what is on the disks. */
import { judgeCommits } from './judge-commits.js'
import { judgeDelays } from './judge-dead-letters.js'
import { judgeEnds } from './judge-ends.js'
import { judgeLoss, judgeSnapshots } from './judge-snapshots.js'
import { OracleBooks } from './oracle-books.js'
import type { Recovery } from './simulate.js'
import type { World } from './world.js'

/** What was not as it must be, in words. */
export async function judge(world: World, recovery: Recovery): Promise<string[]> {
  countAll(world)
  const books = new OracleBooks(world.input, world.plan.closedWindow)
  return [
    ...judgeCommits(world, books),
    ...judgeDelays(world),
    ...judgeEnds(world, recovery, books),
    ...(await judgeSnapshots(world, books)),
    ...(recovery === 'log lost' ? await judgeLoss(world) : []),
  ]
}

function countAll(world: World): void {
  const { broker, processes, input } = world
  world.count('processes', processes.length)
  world.count('records', input.history.flat().length)
  let owner: string | undefined
  for (const { writes, by, committedAt } of broker.committed) {
    const { tick, deadLetters, progress } = writes
    if (owner !== undefined && progress.owner !== owner) world.count('takeovers')
    owner = progress.owner
    if (tick === undefined) world.count('commits without a tick')
    else world.count('ticks')
    if (tick?.headers.clock === 'held') world.count('ticks by a held clock')
    if (tick?.headers.incomplete === 'true') world.count('incomplete ticks')
    if (Number(tick?.headers.missed) > 0) world.count('ticks after missed seconds')
    world.count('dead letters', deadLetters.length)
    if (by.goneAt < committedAt) world.count('commits of processes that were gone')
  }
  for (const { state } of broker.inDoubt) {
    world.count(state === 'committed' ? 'in doubt, was done' : 'in doubt, was not done')
  }
}
