/** The topics that the job writes, as a broker keeps them: transactions, epochs, what is committed. */
import { DepthlineError } from '../../errors.js'
import type { BookWrites } from '../../jobs/ports.js'
import { type Progress, readProgress, writeProgress } from '../../wire/progress.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

/** So long an open transaction of a dead process lasts. */
const TRANSACTION_TIMEOUT_MS = 10_000

export interface Transaction {
  readonly by: SimulatedProcess
  readonly writes: BookWrites
  readonly epoch: number
  /** The writer's wall clock when it asked for the commit. */
  wallMs: number
  state: 'open' | 'accepted' | 'committed' | 'aborted'
  committedAt: number
}

export class Broker {
  readonly committed: Transaction[] = []
  /** Ends of commits that their process got an error for. */
  readonly inDoubt: Transaction[] = []
  /** What was written last, committed or not. */
  lastWritten: Progress | undefined
  onCommit: ((progress: Progress) => void)[] = []
  #progress: string | undefined
  readonly #world: World
  readonly #epochs = new Map<string, number>()
  readonly #open = new Map<string, Transaction>()

  constructor(world: World) {
    this.#world = world
  }

  /** Bumps the epoch of a transactional id; what its former owner left open is over by then. */
  fence(id: string): number {
    this.#end(id)
    const epoch = (this.#epochs.get(id) ?? 0) + 1
    this.#epochs.set(id, epoch)
    return epoch
  }

  begin(id: string, transaction: Transaction): void {
    this.#assertCurrent(id, transaction.epoch)
    this.#end(id)
    this.#open.set(id, transaction)
    this.lastWritten = transaction.writes.progress
    this.#world.scheduler.after(TRANSACTION_TIMEOUT_MS, () => {
      if (transaction.state === 'open') transaction.state = 'aborted'
    })
  }

  abort(id: string, transaction: Transaction): void {
    this.#assertCurrent(id, transaction.epoch)
    if (transaction.state === 'open') transaction.state = 'aborted'
  }

  /** From now on it will be committed, though readers may see it a little later. */
  commit(id: string, transaction: Transaction): void {
    this.#assertCurrent(id, transaction.epoch)
    if (transaction.state !== 'open') throw refused('the transaction is over')
    transaction.state = 'accepted'
    this.#world.scheduler.after(this.#markerDelay(), () => this.#finish(transaction))
  }

  /** What is committed; by way of its bytes, as a topic would give it. */
  lastProgress(): Progress | undefined {
    return this.#progress === undefined ? undefined : readProgress(this.#progress)
  }

  /** Between the answer to a commit and when readers see it. */
  #markerDelay(): number {
    const { plan, random, isCalm } = this.#world
    const isSlow = !isCalm && plan.faults.has('slowMarkers') && random.chance(0.1)
    if (isSlow) this.#world.count('slowMarkers')
    if (isSlow) return random.below(4_000)
    return random.chance(0.8) ? 1 : random.below(300)
  }

  #assertCurrent(id: string, epoch: number): void {
    if (epoch !== this.#epochs.get(id)) throw refused('there is a newer producer')
  }

  #end(id: string): void {
    const open = this.#open.get(id)
    this.#open.delete(id)
    if (open?.state === 'accepted') this.#finish(open)
    else if (open?.state === 'open') open.state = 'aborted'
  }

  #finish(transaction: Transaction): void {
    if (transaction.state !== 'accepted') return
    transaction.state = 'committed'
    transaction.committedAt = this.#world.scheduler.now
    this.committed.push(transaction)
    this.#progress = writeProgress(transaction.writes.progress)
    const { tick, progress } = transaction.writes
    const what = tick === undefined ? 'progress' : `tick ${tick.tick}`
    this.#world.note(transaction.by.name, `${what} committed at ${progress.offsets}`)
    for (const handle of this.onCommit) handle(progress)
  }
}

function refused(reason: string): DepthlineError {
  return new DepthlineError('KAFKA_FAILED', `commit: ${reason}`, { retriable: true })
}
