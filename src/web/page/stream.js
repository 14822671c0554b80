/** The server's stream: ticks, rounds and gaps as they come, and a connection that is made again when it breaks. */

/** @import { GapEvent, Round, TickEvent } from './api-types.js' */

const PATH = '/api/v1/stream'
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 10_000

/**
 * @typedef {object} StreamListener
 * @property {(tick: TickEvent) => void} onTick
 * @property {(round: Round) => void} onRound
 * @property {(gap: GapEvent) => void} onGap
 * @property {() => void} onOpen
 * @property {() => void} onLost
 */

export class Stream {
  /** @type {StreamListener} */
  #listener
  /** @type {EventSource | undefined} */
  #source
  #lastTick = 0
  #retryMs = FIRST_RETRY_MS

  /** @param {StreamListener} listener */
  constructor(listener) {
    this.#listener = listener
  }

  open() {
    this.#source?.close()
    // A browser that reconnects by itself sends the last id; a new EventSource has to be told it.
    const source = new EventSource(this.#lastTick === 0 ? PATH : `${PATH}?last=${this.#lastTick}`)
    this.#source = source
    source.addEventListener('open', () => {
      this.#retryMs = FIRST_RETRY_MS
      this.#listener.onOpen()
    })
    source.addEventListener('error', () => this.#onError(source))
    source.addEventListener('tick', ({ data }) => this.#onTick(JSON.parse(data)))
    source.addEventListener('round', ({ data }) => this.#listener.onRound(JSON.parse(data)))
    source.addEventListener('gap', ({ data }) => this.#listener.onGap(JSON.parse(data)))
  }

  /**
   * Opens anew where the server is known to be further: a connection that died without a word looks open.
   *
   * @param {number} serverTick
   */
  compareWith(serverTick) {
    const isSilent =
      this.#source?.readyState === EventSource.OPEN && serverTick > this.#lastTick + 5
    if (isSilent) this.open()
  }

  /** @param {TickEvent} tick */
  #onTick(tick) {
    // What was resumed twice is shown once.
    if (tick.tick <= this.#lastTick) return
    this.#lastTick = tick.tick
    this.#listener.onTick(tick)
  }

  /** @param {EventSource} source */
  #onError(source) {
    if (source !== this.#source) return
    this.#listener.onLost()
    if (source.readyState !== EventSource.CLOSED) return
    // Refused rather than broken: the browser has given up, so it is ours to try again.
    this.#source = undefined
    setTimeout(() => {
      if (this.#source === undefined) this.open()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
  }
}
