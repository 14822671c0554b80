/** One simulation: a seed in, what was wrong out. */
import { DepthlineError } from '../../errors.js'
import { InputWriter } from './input-writer.js'
import { judge } from './judge.js'
import { Misfortune } from './misfortune.js'
import { makePlan } from './plan.js'
import { type Mutant, Supervisor } from './supervisor.js'
import { World } from './world.js'

/** After the faults, a process must have caught up within so many virtual ms, a stall and a restart included. */
const CATCH_UP_MS = 100_000
/** All that is told to stop must have left by then: a call in hand may take its whole time limit. */
const LEAVE_MS = 60_000

export interface Simulation {
  readonly seed: number
  /** Empty where everything was as it must be. */
  readonly violations: readonly string[]
  readonly traceHash: string
  readonly coverage: Readonly<Record<string, number>>
  /** Kept only where `isTraced`. */
  readonly trace: readonly string[]
  readonly virtualMs: number
}

export async function simulate(
  seed: number,
  { mutant, isTraced = false }: { mutant?: Mutant; isTraced?: boolean } = {},
): Promise<Simulation> {
  const world = new World(seed, isTraced, makePlan)
  const supervisor = new Supervisor(world, mutant)
  const input = new InputWriter(world)
  const misfortune = new Misfortune(world, supervisor)
  const { scheduler, plan } = world
  input.start()
  misfortune.schedule()
  scheduler.after(0, () => supervisor.start())
  await scheduler.run(() => false, plan.seconds * 1000)
  misfortune.calm()
  input.finish()
  world.note('world', 'the faults stop')
  const recovery = await recoverAll(world, supervisor)
  for (const process of supervisor.alive) process.stop()
  await scheduler.run(() => supervisor.alive.length === 0, scheduler.now + LEAVE_MS)
  const violations = await judge(world, recovery)
  const { hash: traceHash, lines: trace } = world.trace
  const coverage = world.coverage.sorted()
  return { seed, violations, traceHash, coverage, trace, virtualMs: scheduler.now }
}

export type Recovery = 'caught up' | 'log lost' | 'late'

/** Lets whoever lives go on, and starts another where nobody does, until the input's end is in a tick. */
async function recoverAll(world: World, supervisor: Supervisor): Promise<Recovery> {
  const { scheduler, input, broker, processes } = world
  const since = scheduler.now
  const isAtEnd = () => {
    const last = broker.committed.findLast(({ writes }) => writes.tick !== undefined)
    if (last === undefined || last.committedAt < since || input.isReplaced) return false
    return input.isBelow(last.writes.progress.offsets)
  }
  for (;;) {
    if (supervisor.alive.length === 0) supervisor.start()
    const isOver = () => isAtEnd() || supervisor.alive.length === 0
    if (!(await scheduler.run(isOver, since + CATCH_UP_MS))) return 'late'
    if (isAtEnd()) return 'caught up'
    // What a process that is started now does not find again stays lost.
    const isLost = processes.some(
      ({ startedAt, end }) =>
        startedAt >= since && end?.error instanceof DepthlineError && end.error.code === 'LOG_LOST',
    )
    if (isLost) return 'log lost'
  }
}
