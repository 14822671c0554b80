/** The topics that the job writes, as a broker keeps them: transactions, epochs, what is committed. */
import { DepthlineError } from '../../errors.js'
import type { BookWrites, ShardOutput } from '../../jobs/ports.js'
import { type Progress, readProgress, writeProgress } from '../../wire/progress.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

/** So long an open transaction of a dead process lasts. */
const TRANSACTION_TIMEOUT_MS = 10_000

/** The job with all partitions, or the merger. */
export const JOB = 'book'

/** What `run` and the merger write, or a shard. */
export type Writes = BookWrites & Partial<ShardOutput>

export interface Transaction {
  readonly by: SimulatedProcess
  /** Whose progress it is. */
  readonly job: string
  readonly writes: Writes
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
  /** Called with each commit of the {@link JOB}. */
  onCommit: ((progress: Progress) => void)[] = []
  /** What was written last, committed or not. */
  lastWritten: Progress | undefined
  /** By job. */
  readonly #progress = new Map<string, string>()
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

  /** A further send of a transaction that is open. */
  goOn(id: string, transaction: Transaction): void {
    this.#assertCurrent(id, transaction.epoch)
    if (transaction.state !== 'open') throw refused('the transaction is over')
  }

  abort(id: string, transaction: Transaction): void {
    this.#assertCurrent(id, transaction.epoch)
    if (transaction.state === 'open') transaction.state = 'aborted'
  }

  /** From now on it will be committed, though readers may see it a little later. */
  commit(id: string, transaction: Transaction): void {
    this.goOn(id, transaction)
    transaction.state = 'accepted'
    this.#world.scheduler.after(this.#markerDelay(), () => this.#finish(transaction))
  }

  /** What is committed; by way of its bytes, as a topic would give it. */
  lastProgress(job = JOB): Progress | undefined {
    const text = this.#progress.get(job)
    return text === undefined ? undefined : readProgress(text)
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
    this.#progress.set(transaction.job, writeProgress(transaction.writes.progress))
    const { tick, progress } = transaction.writes
    const what = tick === undefined ? 'progress' : `tick ${tick.tick}`
    this.#world.note(transaction.by.name, `${what} committed at ${progress.offsets}`)
    if (transaction.job !== JOB) return
    for (const handle of this.onCommit) handle(progress)
  }
}

function refused(reason: string): DepthlineError {
  return new DepthlineError('KAFKA_FAILED', `commit: ${reason}`, { retriable: true })
}
