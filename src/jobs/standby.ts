/** Waits, warm, beside the process that publishes, until a tick of it is overdue. */
import { DepthlineError } from '../errors.js'
import type { Progress } from '../wire/progress.js'
import type { BookLog, Clock, Log } from './ports.js'

const TICK_MS = 1_000
/** A tick so late will not come. */
const OVERDUE_MS = 2_000
/** Kafka answers within milliseconds; where it took so long it was away, and the leader waited too. */
const AWAY_MS = 1_000

export interface StandbyPorts {
  readonly transactions: BookLog
  readonly clock: Clock
  readonly log: Log
}

/**
 * Resolves when the leader's next tick is 2 s overdue while Kafka answers, or `signal` aborts.
 *
 * @param found what was committed when this process began
 * @param follow called with each commit; a newer one may come before it is done
 * @throws what `follow` throws
 */
export async function standBy(
  ports: StandbyPorts,
  found: Progress | undefined,
  follow: (progress: Progress) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const watch = new LeaderWatch(ports, found, follow)
  const following = new AbortController()
  const stop = () => following.abort()
  signal.addEventListener('abort', stop)
  try {
    await Promise.race([
      ports.transactions.followProgress((progress) => watch.note(progress), following.signal),
      watch.untilOverdue(signal),
      watch.failed,
    ])
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

class LeaderWatch {
  /** Rejects with what following a commit threw. */
  readonly failed: Promise<never>
  #fail: (error: unknown) => void = () => {}
  readonly #ports: StandbyPorts
  readonly #follow: (progress: Progress) => Promise<void>
  #newest: Progress | undefined
  /** When the last tick or claim was seen, by the monotonic clock: two hosts' clocks may differ. */
  #lastSign: number

  constructor(
    ports: StandbyPorts,
    found: Progress | undefined,
    follow: (progress: Progress) => Promise<void>,
  ) {
    this.#ports = ports
    this.#follow = follow
    this.#newest = found
    this.#lastSign = ports.clock.monotonic()
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    if (found !== undefined) this.#startFollowing(found)
  }

  /** True where the leader has done something since. */
  note(progress: Progress | undefined): boolean {
    if (progress === undefined || progress.sequence <= (this.#newest?.sequence ?? 0)) return false
    const { tick, owner } = progress
    if (tick !== this.#newest?.tick || owner !== this.#newest?.owner) this.#seeSign()
    this.#newest = progress
    this.#startFollowing(progress)
    return true
  }

  #startFollowing(progress: Progress): void {
    this.#follow(progress).catch((error) => this.#fail(error))
  }

  async untilOverdue(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports
    while (!signal.aborted) {
      const wait = this.#lastSign + TICK_MS + OVERDUE_MS - clock.monotonic()
      if (wait > 0) await clock.sleep(wait, signal)
      else if (await this.#isQuiet()) {
        log.warn({ tick: this.#newest?.tick }, 'the next tick is overdue')
        return
      }
    }
  }

  /** Asks once more, for news may be on the way, and Kafka itself may be what is late. */
  async #isQuiet(): Promise<boolean> {
    const { transactions, clock } = this.#ports
    const asked = clock.monotonic()
    try {
      if (this.note(await transactions.readProgress())) return false
    } catch (error) {
      if (!(error instanceof DepthlineError && error.retriable)) throw error
      this.#seeSign()
      return false
    }
    if (clock.monotonic() - asked <= AWAY_MS) return true
    this.#seeSign()
    return false
  }

  #seeSign(): void {
    this.#lastSign = this.#ports.clock.monotonic()
  }
}
