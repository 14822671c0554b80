/** Everything that goes wrong in a simulation beside single requests, at random times until it is calm. */
import type { FaultKind } from './plan.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

/** The processes that misfortunes befall. */
export interface Fleet {
  readonly alive: readonly SimulatedProcess[]
  /** Starts a process that publishes ticks. */
  start(isStandby?: boolean): void
  /** Starts one of the same kind. */
  startLike(process: SimulatedProcess): void
  /** Starts one that takes its work over at once. */
  startInstead(process: SimulatedProcess): void
  breakReading(): void
}

export class Misfortune {
  readonly #world: World
  readonly #fleet: Fleet

  constructor(world: World, fleet: Fleet) {
    this.#world = world
    this.#fleet = fleet
  }

  /** Puts the whole run's misfortunes into the schedule. */
  schedule(): void {
    this.#often('crashes', 3, () => this.#crash())
    this.#often('hostCrashes', 2, () => this.#crashHost())
    this.#often('pauses', 3, () => this.#pause())
    this.#often('stops', 2, () => this.#stop())
    this.#often('standbys', 2, () => this.#fleet.start(true))
    this.#often('rivals', 2, () => this.#startRivals())
    this.#often('clockSteps', 3, () => this.#stepClock())
    this.#often('breaks', 5, () => this.#fleet.breakReading())
    this.#often('outages', 2, () => this.#outage())
    this.#often('bitFlips', 4, () => this.#world.random.pick(this.#world.hosts).disk.flipBit())
    this.#often('diskErrors', 2, () => this.#refuseWrites())
    this.#often('retention', 2, () => this.#cutInput())
    this.#often('replacement', 1, () => this.#replaceInput())
  }

  /** The end of all faults. */
  calm(): void {
    const { network, hosts, processes } = this.#world
    this.#world.isCalm = true
    network.comeBack()
    for (const { disk } of hosts) disk.isRefusing = false
    for (const process of processes) if (process.isPaused) process.resume()
  }

  #often(kind: FaultKind, most: number, happen: () => void): void {
    often(this.#world, { kind, most }, happen)
  }

  #crash(): void {
    const { random, scheduler } = this.#world
    const { alive } = this.#fleet
    if (alive.length === 0) return
    const process = random.pick(alive)
    process.kill()
    this.#world.note(process.name, 'killed')
    scheduler.after(random.below(3_000), () => this.#restart(process))
  }

  #crashHost(): void {
    const { random, scheduler, hosts } = this.#world
    const host = random.pick(hosts)
    host.disk.losePower()
    for (const process of this.#fleet.alive) {
      if (process.host !== host) continue
      process.kill()
      scheduler.after(500 + random.below(3_000), () => this.#restart(process))
    }
  }

  #restart(process: SimulatedProcess): void {
    if (!this.#world.isCalm) this.#fleet.startLike(process)
  }

  /** Long enough, now and then, for another one to take over. */
  #pause(): void {
    const { random, scheduler } = this.#world
    const { alive } = this.#fleet
    if (alive.length === 0) return
    const process = random.pick(alive)
    process.pause()
    this.#world.note(process.name, 'paused')
    if (random.chance(0.5))
      scheduler.after(random.below(2_000), () => {
        if (!this.#world.isCalm) this.#fleet.startInstead(process)
      })
    scheduler.after(random.pick([50, 600, 1_500, 4_000, 9_000]), () => {
      this.#world.note(process.name, 'resumed')
      if (process.isPaused) process.resume()
    })
  }

  #stop(): void {
    const { random, scheduler } = this.#world
    const { alive } = this.#fleet
    if (alive.length === 0) return
    const process = random.pick(alive)
    process.stop()
    this.#world.note(process.name, 'told to stop')
    scheduler.after(random.below(3_000), () => this.#restart(process))
  }

  #startRivals(): void {
    this.#fleet.start()
    this.#fleet.start()
  }

  #stepClock(): void {
    const { random, hosts, scheduler } = this.#world
    const byMs = random.pick([
      -40_000, -9_500, -6_500, -4_000, -1_200, -300, 300, 1_500, 6_000, 40_000,
    ])
    random.pick(hosts).stepClock(byMs, scheduler.now)
    this.#world.note('world', `a clock steps by ${byMs}`)
  }

  #outage(): void {
    const { random, network } = this.#world
    network.goAway(500 + random.below(7_000))
    this.#fleet.breakReading()
  }

  #refuseWrites(): void {
    const { random, scheduler, hosts } = this.#world
    const { disk } = random.pick(hosts)
    disk.isRefusing = true
    scheduler.after(random.below(6_000), () => {
      disk.isRefusing = false
    })
  }

  #cutInput(): void {
    const { random, input, plan } = this.#world
    for (let partition = 0; partition < plan.partitions; partition++) {
      if (random.chance(0.7)) input.cut(partition, random.next())
    }
  }

  /** Only once every partition was read, for what nobody has seen nobody can miss. */
  #replaceInput(): void {
    const { random, input, broker } = this.#world
    const last = broker.committed.at(-1)?.writes.progress.lastRecords
    if (last === undefined || last.length === 0 || last.includes('')) return
    const highs = input.ranges().map(({ high }) => random.pick([0, high >> 1, high, high + 50]))
    const other = () =>
      new TextEncoder().encode(`{"order_id":${random.below(99)},"status":"CLOSED"}`)
    // Now and then it makes the same books, so that only the records themselves tell.
    const value = random.chance(0.5) ? (old: Uint8Array | null) => old : other
    const longer = input.ranges().map(({ high }) => high + 50)
    input.replace(random.chance(0.5) ? highs : longer, value)
    this.#world.count('input replaced')
    this.#fleet.breakReading()
  }
}

/** Once to `most` times before it is calm, where the plan has that kind of fault. */
export function often(
  world: World,
  { kind, most }: { kind: FaultKind; most: number },
  happen: () => void,
): void {
  const { plan, random, scheduler } = world
  if (!plan.faults.has(kind)) return
  for (let times = 1 + random.below(most); times > 0; times--) {
    scheduler.after(random.below(plan.seconds * 1000), () => {
      if (world.isCalm) return
      world.count(kind)
      world.note('world', kind)
      happen()
    })
  }
}
