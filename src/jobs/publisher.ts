/** Publishes for one job: takes it over, commits, and finds out what became of a commit in doubt. */
import { DepthlineError } from '../errors.js'
import type { Ownership } from '../wire/progress.js'
import type { CommitMonitor } from './monitor.js'
import type { Clock, Log, TransactionLog, Transactor } from './ports.js'

/** A process that has just fenced this one needs so long, on a loaded machine, to commit its claim. */
const SETTLE_MS = 800
/** Between two looks at a Kafka that is away, which is soon noticed when it is back. */
const LOOK_AGAIN_MS = 250
/** Two processes that start together fence each other; they try again ever further apart, for a claim may be slow. */
const TAKE_OVER_ATTEMPTS = 10
const TAKE_OVER_RETRY_MS = 400

export interface Identity {
  /** The job's name, for messages. */
  readonly job: string
  /** Of this process, unlike any other's. */
  readonly owner: string
  /** Of depthline. */
  readonly version: string
  /** From 0 up to 1. */
  random(): number
}

/** Where a job has come to: its progress record without what the publisher adds. */
export type Position<P extends Ownership> = Omit<P, keyof Ownership>

export interface Commit<P extends Ownership, W> {
  readonly output: W
  readonly position: Position<P>
  /** Asked right before the commit; where it says so, nothing is published. */
  isTooLate?(): boolean
}

export interface PublisherParts<P extends Ownership, W> {
  readonly transactions: TransactionLog<P, W>
  readonly clock: Clock
  readonly log: Log
  /** Where a new job is. */
  readonly start: Position<P>
  /** What a claim publishes: no records. */
  readonly nothing: W
  readonly monitor?: CommitMonitor | undefined
}

/**
 * Crash-only: after any error the transactor is thrown away, and the progress record, not the
 * error, says whether the commit was done and who owns the job. Nothing is ever sent again.
 */
export class Publisher<P extends Ownership, W> {
  readonly #transactions: TransactionLog<P, W>
  readonly #clock: Clock
  readonly #log: Log
  readonly #start: Position<P>
  readonly #nothing: W
  readonly #monitor: CommitMonitor | undefined
  readonly #identity: Identity
  #transactor: Transactor<P, W> | undefined
  #last: P | undefined
  #isClosed = false
  /** Who owned the job when this process first looked; any other newcomer goes before it. */
  #predecessor: { readonly owner: string | undefined } | undefined

  constructor(parts: PublisherParts<P, W>, identity: Identity) {
    this.#transactions = parts.transactions
    this.#clock = parts.clock
    this.#log = parts.log
    this.#start = parts.start
    this.#nothing = parts.nothing
    this.#monitor = parts.monitor
    this.#identity = identity
  }

  /**
   * Makes this process the only one that can publish: fence, read what is committed, claim it.
   * The claim tells a process that is fenced by it that it has lost.
   *
   * @returns what is committed now, the claim itself; its position is the process before's
   * @throws DepthlineError FENCED where another process claims the job at the same time
   */
  async takeOver(): Promise<P> {
    const { job, random } = this.#identity
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#claim()
      } catch (error) {
        await this.#transactor?.discard()
        if (!isRetriable(error) || attempt === TAKE_OVER_ATTEMPTS) throw error
        // The process before has fenced this one back, not knowing yet that it has to go.
        this.#log.info({ job, reason: error.message }, 'taking over again')
        await this.#clock.sleep(random() * TAKE_OVER_RETRY_MS * attempt)
      }
    }
  }

  async #claim(): Promise<P> {
    this.#transactor = await this.#transactions.fence()
    const found = await this.#transactions.readProgress()
    this.#predecessor ??= { owner: found?.owner }
    // A claim of our own whose answer was lost is a claim all the same.
    const expected = [this.#predecessor.owner, this.#identity.owner]
    if (!expected.includes(found?.owner)) throw this.#fenced()
    const claim = this.#progress(found ?? this.#start, found)
    await this.#transactor.commit({ ...this.#nothing, progress: claim }, () => false)
    this.#last = claim
    return claim
  }

  /**
   * Commits all of it or nothing. Where Kafka is away it waits for Kafka, and then finds
   * out from the progress record whether the commit in hand was done; it never sends again.
   *
   * @returns false where it is certain that nothing was committed
   * @throws DepthlineError FENCED, or that a record is too large
   */
  async commit({ output, position, isTooLate = () => false }: Commit<P, W>): Promise<boolean> {
    const progress = this.#progress(position, this.#last)
    const begun = this.#clock.monotonic()
    try {
      if (!(await this.#transactor!.commit({ ...output, progress }, isTooLate))) return false
    } catch (error) {
      await this.#transactor!.discard()
      if (error instanceof DepthlineError && !error.retriable) throw error
      this.#log.warn({ reason: String(error) }, 'commit in doubt')
      this.#monitor?.inDoubt()
      return this.#settle(progress)
    }
    this.#last = progress
    this.#monitor?.committed(this.#clock.monotonic() - begun)
    return true
  }

  /**
   * Commits again and again until it is certain that Kafka has it, once: for what is as good later.
   *
   * @throws DepthlineError STOPPED where {@link close} comes first
   */
  async insist(commit: Commit<P, W>): Promise<void> {
    while (!(await this.commit(commit))) {
      if (this.#isClosed) throw new DepthlineError('STOPPED', 'stopped before Kafka took it')
    }
  }

  /**
   * Goes on after a record was refused as too large, so that nothing of its commit is there.
   *
   * @throws DepthlineError FENCED
   */
  async renew(): Promise<void> {
    await this.#reopen(0)
  }

  /** Gives up: a commit that waits for Kafka ends with false. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#transactor?.discard()
  }

  /** Finds out whether `attempt` was committed, and gets a new transactor; until then nothing is sent. */
  async #settle(attempt: P): Promise<boolean> {
    return (await this.#reopen(SETTLE_MS)) && this.#last!.sequence === attempt.sequence
  }

  /** Gets a new transactor, and with it what is committed for certain; false where it is closed. */
  async #reopen(firstWaitMs: number): Promise<boolean> {
    for (let wait = firstWaitMs; !this.#isClosed; wait = LOOK_AGAIN_MS) {
      await this.#clock.sleep(wait)
      try {
        // Fencing first would fence whoever took over meanwhile.
        await this.#assertNotReplaced()
        this.#transactor = await this.#transactions.fence()
        // The transaction in doubt is over by now, whichever way it went.
        this.#last = await this.#readOwn()
        return true
      } catch (error) {
        await this.#transactor?.discard()
        if (!isRetriable(error)) throw error
        this.#log.warn({ reason: error.message }, 'waiting for Kafka')
      }
    }
    return false
  }

  /** Readers may see a commit late, so what is older than this process's last says nothing. */
  async #assertNotReplaced(): Promise<void> {
    const found = await this.#transactions.readProgress()
    if (found === undefined || found.owner === this.#identity.owner) return
    if (found.sequence > this.#last!.sequence) throw this.#fenced()
  }

  /** What is committed, by this process; exact right after fencing. */
  async #readOwn(): Promise<P> {
    const found = await this.#transactions.readProgress()
    if (found?.owner === this.#identity.owner) return found
    throw this.#fenced()
  }

  /** The record that follows `last`, in this process's name. */
  #progress(position: Position<P>, last: P | undefined): P {
    const { owner, version } = this.#identity
    const lineage = last?.lineage ?? owner
    const ownership = { owner, lineage, sequence: (last?.sequence ?? 0) + 1, version }
    return { ...position, ...ownership } as P
  }

  #fenced(): DepthlineError {
    const { job } = this.#identity
    const message = `another process has taken over job ${job}; this one has published nothing since`
    return new DepthlineError('FENCED', message)
  }
}

function isRetriable(error: unknown): error is DepthlineError {
  return error instanceof DepthlineError && error.retriable
}
