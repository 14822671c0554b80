/** Publishes for one job: takes it over, commits, and finds out what became of a commit in doubt. */
import { DepthlineError } from '../errors.js'
import type { Progress } from '../wire/progress.js'
import type { DeadLetter, Tick } from '../wire/records.js'
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

/** What a commit says of the input; the rest of the progress record is the publisher's own. */
export type Position = Pick<
  Progress,
  'offsets' | 'lastRecords' | 'stateHash' | 'isIncomplete' | 'rejected'
>

export interface Commit {
  readonly tick?: Tick
  readonly deadLetters: readonly DeadLetter[]
  readonly position: Position
  /** Asked right before the commit; where it says so, nothing is published. */
  isTooLate(): boolean
}

/**
 * Crash-only: after any error the transactor is thrown away, and the progress record, not the
 * error, says whether the commit was done and who owns the job. Nothing is ever sent again.
 */
export class Publisher {
  readonly #transactions: TransactionLog
  readonly #clock: Clock
  readonly #log: Log
  readonly #identity: Identity
  #transactor: Transactor | undefined
  #last: Progress | undefined
  #isClosed = false
  /** Who owned the job when this process first looked; any other newcomer goes before it. */
  #predecessor: { readonly owner: string | undefined } | undefined

  constructor(transactions: TransactionLog, clock: Clock, log: Log, identity: Identity) {
    this.#transactions = transactions
    this.#clock = clock
    this.#log = log
    this.#identity = identity
  }

  /**
   * Makes this process the only one that can publish: fence, read what is committed, claim it.
   * The claim tells a process that is fenced by it that it has lost.
   *
   * @returns what is committed now, the claim itself; its tick and offsets are the process before's
   * @throws DepthlineError FENCED where another process claims the job at the same time
   */
  async takeOver(): Promise<Progress> {
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

  async #claim(): Promise<Progress> {
    this.#transactor = await this.#transactions.fence()
    const found = await this.#transactions.readProgress()
    this.#predecessor ??= { owner: found?.owner }
    // A claim of our own whose answer was lost is a claim all the same.
    const expected = [this.#predecessor.owner, this.#identity.owner]
    if (!expected.includes(found?.owner)) throw this.#fenced()
    const { owner, version } = this.#identity
    const last = found ?? { ...NOTHING, lineage: owner }
    const claim = { ...last, owner, version, sequence: last.sequence + 1 }
    await this.#transactor.commit({ deadLetters: [], progress: claim }, () => false)
    this.#last = claim
    return claim
  }

  /**
   * Commits all of it or nothing. Where Kafka is away it waits for Kafka, and then finds
   * out from the progress record whether the commit in hand was done; it never sends again.
   *
   * @returns false where it is certain that nothing was committed
   * @throws DepthlineError FENCED, TICK_TOO_LARGE, DEAD_LETTER_TOO_LARGE
   */
  async commit({ tick, deadLetters, position, isTooLate }: Commit): Promise<boolean> {
    const last = this.#last!
    if (tick !== undefined && last.tick !== undefined && tick.tick <= last.tick) {
      throw new Error(`tick ${tick.tick} was to be sent after ${last.tick}`)
    }
    const { owner, version } = this.#identity
    const progress: Progress = {
      ...position,
      tick: tick?.tick ?? last.tick,
      owner,
      lineage: last.lineage,
      sequence: last.sequence + 1,
      version,
    }
    const writes = { ...(tick === undefined ? {} : { tick }), deadLetters, progress }
    try {
      if (!(await this.#transactor!.commit(writes, isTooLate))) return false
    } catch (error) {
      await this.#transactor!.discard()
      if (error instanceof DepthlineError && !error.retriable) throw error
      this.#log.warn({ reason: String(error) }, 'commit in doubt')
      return this.#settle(progress)
    }
    this.#last = progress
    return true
  }

  /** Gives up: a commit that waits for Kafka ends with false. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#transactor?.discard()
  }

  /** Finds out whether `attempt` was committed, and gets a new transactor; until then nothing is sent. */
  async #settle(attempt: Progress): Promise<boolean> {
    for (let wait = SETTLE_MS; !this.#isClosed; wait = LOOK_AGAIN_MS) {
      await this.#clock.sleep(wait)
      try {
        // Fencing first would fence whoever took over meanwhile.
        await this.#assertNotReplaced()
        this.#transactor = await this.#transactions.fence()
        // The transaction in doubt is over by now, whichever way it went.
        this.#last = await this.#readOwn()
        return this.#last.sequence === attempt.sequence
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
  async #readOwn(): Promise<Progress> {
    const found = await this.#transactions.readProgress()
    if (found?.owner === this.#identity.owner) return found
    throw this.#fenced()
  }

  #fenced(): DepthlineError {
    const { job } = this.#identity
    const message = `another process has taken over job ${job}; this one has published nothing since`
    return new DepthlineError('FENCED', message)
  }
}

const NOTHING = {
  tick: undefined,
  offsets: [],
  lastRecords: [],
  stateHash: '',
  isIncomplete: false,
  rejected: 0,
  sequence: 0,
}

function isRetriable(error: unknown): error is DepthlineError {
  return error instanceof DepthlineError && error.retriable
}
