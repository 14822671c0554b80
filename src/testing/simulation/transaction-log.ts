/** The transaction log as a process sees it: every step is a request that may go wrong. */
import type { BookLog, BookTransactor, BookWrites } from '../../jobs/ports.js'
import type { Progress } from '../../wire/progress.js'
import { JOB, type Transaction } from './broker.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

export class SimulatedTransactionLog implements BookLog {
  readonly #world: World
  readonly #process: SimulatedProcess
  readonly #id: string

  constructor(world: World, process: SimulatedProcess, transactionalId = 'job') {
    this.#world = world
    this.#process = process
    this.#id = transactionalId
  }

  async fence(): Promise<BookTransactor> {
    const { broker } = this.#world
    const epoch = await this.#call('fence', () => broker.fence(this.#id))
    return { commit: (writes, isTooLate) => this.#commit(epoch, writes, isTooLate), discard }
  }

  readProgress(): Promise<Progress | undefined> {
    return this.#call('read progress', () => this.#world.broker.lastProgress())
  }

  followProgress(handle: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    const { broker, random } = this.#world
    let due = 0
    const follow = (progress: Progress) => {
      // News may come late, but never in another order.
      due = Math.max(due, this.#world.scheduler.now + (random.chance(0.9) ? 5 : random.below(900)))
      this.#process.after(due - this.#world.scheduler.now, () => {
        if (!signal.aborted) handle(progress)
      })
    }
    broker.onCommit.push(follow)
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        broker.onCommit = broker.onCommit.filter((other) => other !== follow)
        resolve()
      })
    })
  }

  async #commit(epoch: number, writes: BookWrites, isTooLate: () => boolean): Promise<boolean> {
    const { broker } = this.#world
    const by = this.#process
    const transaction: Transaction = {
      ...{ by, job: JOB, writes, epoch, wallMs: 0, committedAt: 0, state: 'open' },
    }
    try {
      await this.#call('send', () => broker.begin(this.#id, transaction))
      if (isTooLate()) {
        await this.#call('abort', () => broker.abort(this.#id, transaction))
        return false
      }
      transaction.wallMs = by.host.wallMs(this.#world.scheduler.now)
      await this.#call('commit', () => broker.commit(this.#id, transaction))
      return true
    } catch (error) {
      broker.inDoubt.push(transaction)
      throw error
    }
  }

  #call<T>(what: string, effect: () => T): Promise<T> {
    return this.#world.network.call(this.#process, what, effect)
  }
}

async function discard(): Promise<void> {}
