/** A process of the simulation: it can be paused or killed at any await, and has its host's clock. */
import type { Clock, Log } from '../../jobs/ports.js'
import type { RunSummary } from '../../jobs/run.js'
import type { Offsets, PartitionRange } from '../../wire/records.js'
import type { Host } from './host.js'
import type { World } from './world.js'

export class SimulatedProcess {
  readonly name: string
  readonly host: Host
  readonly startedAt: number
  readonly isStandby: boolean
  /** Ignores snapshots. */
  readonly isRebuilding: boolean
  readonly stopping = new AbortController()
  readonly clock: Clock
  networkFaults = 0
  /** Each lets go of a signal that would end it. */
  readonly sleeps = new Set<() => void>()
  stoppedAt: number | undefined
  isPaused = false
  /** When it was killed, or over by itself. */
  goneAt = Number.POSITIVE_INFINITY
  end: { readonly at: number; readonly summary?: RunSummary; readonly error?: unknown } | undefined
  /** What it was told that the input holds. */
  ranges: readonly PartitionRange[] = []
  /** The input offsets that its books begin at. */
  base: Offsets = []
  /** Resumed when it goes on. */
  #held: (() => void)[] = []
  readonly #world: World

  constructor(world: World, { host, isStandby }: { host: Host; isStandby: boolean }) {
    this.#world = world
    this.name = `p${world.processes.length + 1}`
    this.host = host
    this.isStandby = isStandby
    this.isRebuilding = world.plan.faults.has('rebuilds') && world.random.chance(0.3)
    this.startedAt = world.scheduler.now
    this.clock = new SimulatedClock(world, this)
  }

  get isGone(): boolean {
    return this.goneAt <= this.#world.scheduler.now
  }

  /** Everything that comes to the process comes through here. */
  deliver(resume: () => void): void {
    if (this.isGone) return
    if (this.isPaused) this.#held.push(resume)
    else resume()
  }

  after(ms: number, resume: () => void): void {
    this.#world.scheduler.after(ms, () => this.deliver(resume))
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  pause(): void {
    this.isPaused = true
  }

  /** What came meanwhile comes now, each as an event of its own. */
  resume(): void {
    this.isPaused = false
    const held = this.#held
    this.#held = []
    for (const resume of held) this.after(0, resume)
  }

  kill(): void {
    this.goneAt = this.#world.scheduler.now
    // Node keeps a signal that somebody listens to, and with it the whole world.
    for (const release of this.sleeps) release()
    this.sleeps.clear()
  }

  /** As SIGTERM does. */
  stop(): void {
    this.stoppedAt ??= this.#world.scheduler.now
    this.after(0, () => this.stopping.abort())
  }
}

class SimulatedClock implements Clock {
  readonly #world: World
  readonly #process: SimulatedProcess

  constructor(world: World, process: SimulatedProcess) {
    this.#world = world
    this.#process = process
  }

  now(): number {
    return this.#process.host.wallMs(this.#world.scheduler.now)
  }

  monotonic(): number {
    return this.#world.scheduler.now * this.#process.host.rate
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    const { plan, random } = this.#world
    // Node's timers may fire a millisecond early, and late on a busy machine.
    const early = plan.faults.has('earlyTimers') && random.chance(0.2) ? 1 : 0
    const wait = Math.max(0, ms / this.#process.host.rate - early + random.next())
    return new Promise((resolve) => {
      const release = () => signal?.removeEventListener('abort', end)
      const end = () => {
        release()
        this.#process.sleeps.delete(release)
        resolve()
      }
      signal?.addEventListener('abort', end, { once: true })
      this.#process.sleeps.add(release)
      this.#process.after(wait, end)
    })
  }

  yield(): Promise<void> {
    return this.#process.sleep(this.#world.random.next() * 2)
  }
}

/** The job's log: into the trace, and counted. */
export function logOf(world: World, process: SimulatedProcess): Log {
  const log = (fields: object, message: string) => {
    const { reason = '', snapshot } = fields as { reason?: string; snapshot?: string }
    world.note(process.name, `says: ${message} ${reason} ${snapshot ?? ''}`)
    world.count(`log: ${message}`)
    if (message === 'snapshot refused') world.count(`refused: ${reasonKind(reason)}`)
    if (message === 'snapshot loaded') process.host.disk.loaded(process, snapshot!)
  }
  return { info: log, warn: log, error: log }
}

/** The words of a reason without its numbers and names. */
function reasonKind(reason: string): string {
  return reason
    .replace(/h\d\/(?:\d\/)?\d+\.snapshot/g, 'FILE')
    .replace(/\d+/g, 'N')
    .replace(/^the snapshot is refused: /, '')
    .slice(0, 60)
}
