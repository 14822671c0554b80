/** Follows one consumer: whether it still fetches, and whether what it fetches is still of the same log. */
import type { Consumer } from 'kafkajs'
import { asFailure, gap, stalled } from './read-failures.js'

/** An idle consumer fetches four times a second; one that has not for so long is stuck. */
const STALL_LIMIT_MS = 4_000
/**
 * While a process is frozen the topic may be made anew, and the broker then serves another log
 * at the same offsets. A new consumer begins with the last record that is known, and so finds out.
 */
const FREEZE_LIMIT_MS = 1_500
const BEAT_MS = 250

export class ConsumerWatch {
  /** Rejects when the consumer has failed, in whatever way. */
  readonly failed: Promise<never>
  /** False once something has failed: what comes of this consumer from then on is not looked at. */
  isTrusted = true
  readonly #topic: string
  readonly #timer: ReturnType<typeof setInterval>
  #reject: (error: unknown) => void = () => {}
  #isJoined = false
  #inHand = 0
  #lastBeat = performance.now()
  /** When something was last fetched, or the work on it was last done. */
  #lastSign = this.#lastBeat

  constructor(consumer: Consumer, topic: string) {
    this.#topic = topic
    this.failed = new Promise((_, reject) => {
      this.#reject = reject
    })
    // It is awaited later, and must not count as unhandled before that.
    this.failed.catch(() => {})
    consumer.on(consumer.events.FETCH, () => this.#noteFetch())
    consumer.on(consumer.events.CRASH, ({ payload }) => this.fail(asFailure(payload.error, topic)))
    this.#timer = setInterval(() => this.#beat(), BEAT_MS)
  }

  fail(error: unknown): void {
    this.isTrusted = false
    this.#reject(error)
  }

  /** The group has let the consumer in; before that a broker may take its time. */
  joined(): void {
    this.#isJoined = true
    this.#lastSign = performance.now()
  }

  batchBegun(): void {
    this.#inHand++
  }

  batchDone(): void {
    this.#inHand--
    this.#lastSign = performance.now()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #noteFetch(): void {
    const now = performance.now()
    const pause = now - this.#lastBeat
    const silence = now - this.#lastSign
    this.#lastSign = now
    // After a freeze what the sockets hold comes before any timer.
    if (pause > FREEZE_LIMIT_MS) this.fail(gap(this.#topic, pause))
    else if (this.#inHand === 0 && silence > STALL_LIMIT_MS) this.fail(gap(this.#topic, silence))
  }

  #beat(): void {
    const now = performance.now()
    const pause = now - this.#lastBeat
    this.#lastBeat = now
    if (this.#inHand > 0 || !this.#isJoined) this.#lastSign = now
    if (pause > FREEZE_LIMIT_MS) this.fail(gap(this.#topic, pause))
    else if (now - this.#lastSign > STALL_LIMIT_MS) this.fail(stalled(this.#topic, STALL_LIMIT_MS))
  }
}
