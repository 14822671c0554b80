/** Starts, kills, pauses and revives the processes of a simulation, each a call of the real `run`. */
import { DEFAULT_LIMITS } from '../../book/order-books.js'
import { DepthlineError } from '../../errors.js'
import { type RunPorts, type RunSummary, run } from '../../jobs/run.js'
import { JOB } from './broker.js'
import type { Fleet } from './misfortune.js'
import { SimulatedOrderSource } from './order-source.js'
import { logOf, SimulatedProcess } from './process.js'
import { SimulatedTransactionLog } from './transaction-log.js'
import type { World } from './world.js'

export const VERSION = '9.9.9'

/** Gives a process other ports than it should have, to see whether anybody notices. */
export type Mutant = (ports: RunPorts, process: SimulatedProcess, world: World) => RunPorts

export class Supervisor implements Fleet {
  readonly #world: World
  readonly #mutant: Mutant | undefined
  readonly #sources = new Map<SimulatedProcess, SimulatedOrderSource>()

  constructor(world: World, mutant: Mutant | undefined) {
    this.#world = world
    this.#mutant = mutant
  }

  get alive(): SimulatedProcess[] {
    return this.#world.processes.filter(({ isGone }) => !isGone)
  }

  start(isStandby = false): void {
    const world = this.#world
    const { plan, random } = world
    const process = new SimulatedProcess(world, { host: random.pick(world.hosts), isStandby })
    world.processes.push(process)
    world.note(process.name, isStandby ? 'started as standby' : 'started')
    const source = new SimulatedOrderSource(world, process)
    this.#sources.set(process, source)
    const ports: RunPorts = {
      source,
      transactions: new SimulatedTransactionLog(world, process),
      snapshots: [process.host.disk.storeFor(process)],
      clock: process.clock,
      log: logOf(world, process),
    }
    const options = {
      ...{ job: JOB, owner: process.name, version: VERSION, standby: isStandby },
      // So few that a tick is printed in many steps, with records waiting between them.
      stepLevels: 4,
      ...{ levels: plan.levels, limits: { ...DEFAULT_LIMITS, closedWindow: plan.closedWindow } },
      ...{ seed: world.seed, random: () => random.next() },
      ...{ rebuild: process.isRebuilding },
      ...{ acceptIncomplete: plan.acceptIncomplete, snapshotSeconds: plan.snapshotSeconds },
    }
    const mutated = this.#mutant === undefined ? ports : this.#mutant(ports, process, world)
    run(mutated, options, process.stopping.signal).then(
      (summary) => this.#ended(process, { summary }),
      (error) => this.#ended(process, { error }),
    )
  }

  startLike({ isStandby }: SimulatedProcess): void {
    this.start(isStandby)
  }

  startInstead(): void {
    this.start()
  }

  /** Those that read go on at the last record that they have handed over. */
  breakReading(processes = this.alive): void {
    for (const process of processes) this.#sources.get(process)!.break()
  }

  #ended(process: SimulatedProcess, how: { summary: RunSummary } | { error: unknown }): void {
    const world = this.#world
    process.kill()
    process.end = { at: world.scheduler.now, ...how }
    const { error } = process.end
    const code = error instanceof DepthlineError ? error.code : error === undefined ? 'done' : 'bug'
    world.note(process.name, `ended: ${code} ${error ?? ''}`)
    world.count(`ended: ${code}`)
    if (world.isCalm || code === 'FENCED' || code === 'done') return
    // What a person has to look at is started again all the same, now and then.
    if (code === 'LOG_LOST' && world.random.chance(0.5)) return
    world.scheduler.after(200 + world.random.below(2_000), () => {
      if (!world.isCalm) this.start(process.isStandby)
    })
  }
}
