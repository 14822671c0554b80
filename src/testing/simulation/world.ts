/** What the processes of one simulation share, and what moves it all. */
import { Random } from '../random.js'
import { Broker } from './broker.js'
import { Coverage } from './coverage.js'
import { Disk } from './disk.js'
import { Host } from './host.js'
import { InputLog } from './input-log.js'
import { Network } from './network.js'
import { makePlan, type Plan } from './plan.js'
import type { SimulatedProcess } from './process.js'
import { Scheduler } from './scheduler.js'
import { Trace } from './trace.js'

export class World {
  readonly seed: number
  readonly random: Random
  readonly plan: Plan
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

  constructor(seed: number, isTraced: boolean) {
    this.seed = seed
    this.random = new Random(seed)
    this.plan = makePlan(this.random)
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
    const isDrifting = this.plan.faults.has('drift')
    return new Host(new Disk(this, `h${number}`), {
      rate: isDrifting ? 1 + (random.next() - 0.5) / 1_000 : 1,
      offsetMs: random.below(1_000) + (isDrifting ? random.below(600) - 300 : 0),
    })
  }
}
