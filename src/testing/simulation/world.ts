/** What the processes of one simulation share, and what moves it all. */
import { Random } from '../random.js'
import { Broker } from './broker.js'
import { Coverage } from './coverage.js'
import { Disk } from './disk.js'
import { Host } from './host.js'
import { InputLog } from './input-log.js'
import { Network } from './network.js'
import type { Plan } from './plan.js'
import type { SimulatedProcess } from './process.js'
import { Scheduler } from './scheduler.js'
import { Trace } from './trace.js'

/** One process at a time need not agree with another on the second. */
const CLOCK_SPREAD_MS = 1_000

export class World<P extends Plan = Plan> {
  readonly seed: number
  readonly random: Random
  readonly plan: P
  readonly scheduler = new Scheduler()
  readonly coverage = new Coverage()
  readonly trace: Trace
  readonly network: Network
  readonly broker: Broker
  readonly input: InputLog
  readonly hosts: readonly Host[]
  readonly processes: SimulatedProcess[] = []
  /** True once the faults have stopped. */
  isCalm = false

  constructor(seed: number, isTraced: boolean, planOf: (random: Random) => P) {
    this.seed = seed
    this.random = new Random(seed)
    this.plan = planOf(this.random)
    this.trace = new Trace(isTraced)
    this.network = new Network(this)
    this.broker = new Broker(this)
    this.input = new InputLog(this.plan.partitions)
    this.hosts = Array.from({ length: this.plan.hosts }, (_, number) => this.#makeHost(number))
    this.note('world', JSON.stringify({ ...this.plan, faults: [...this.plan.faults] }))
  }

  note(who: string, what: string): void {
    this.trace.note(this.scheduler.now, who, what)
  }

  count(name: string, by = 1): void {
    this.coverage.count(name, by)
  }

  #makeHost(number: number): Host {
    const { random } = this
    const { clockSpreadMs = CLOCK_SPREAD_MS } = this.plan
    const isDrifting = this.plan.faults.has('drift')
    return new Host(new Disk(this, `h${number}`), {
      rate: isDrifting ? 1 + (random.next() - 0.5) / 1_000 : 1,
      offsetMs: random.below(clockSpreadMs) + (isDrifting ? random.below(600) - 300 : 0),
    })
  }
}
