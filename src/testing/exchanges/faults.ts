/** The ways in which a simulated exchange can fail, as its control takes them. */
import type { SimulatedExchange, SimulatedMarket } from './moving-book.js'

export const FAULT_KINDS = [
  /** An HTTP error (`status`, 503 if none is given) in the exchange's own words, with `retryAfter`. */
  'status',
  /** 429 with Retry-After (`retryAfter`, `2` if none is given). */
  'rate_limited',
  /** A proxy's page with `status` (502 if none is given; 200 is one that pretends). */
  'html',
  /** The exchange's own error with HTTP 200, in the words of `message`. */
  'error_200',
  /** The right answer after `seconds`. */
  'slow',
  /** No answer, ever. */
  'hang',
  /** The right answer's first half, then the end of the connection. */
  'cut_off',
  /** The connection is reset as soon as the request is there. */
  'reset',
  /** Nobody listens: the whole exchange, whatever the market. */
  'refused',
  /** An endless book: `bytes` (64 MiB if none is given), which gzip makes small. */
  'oversized',
  'empty',
  /** The best bid above the best ask. */
  'crossed',
  /** Coinbase alone: auction_mode, and a crossed book. */
  'auction',
  /** Two levels of the asks have changed places. */
  'unsorted',
  /** The book of a minute before the fault began, the same bytes every time. */
  'stale',
  /** A book whose prices are all 10 % higher. */
  'outlier',
  /** 302 to a host of another name. */
  'redirect_elsewhere',
  /** 302 to the same host, where the answer is. */
  'redirect_same',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

export interface Fault {
  readonly kind: FaultKind
  /** Every market of the exchange where it is undefined. */
  readonly market?: SimulatedMarket
  /** For so many requests; until it is taken away where it is undefined. */
  readonly times?: number
  readonly status?: number
  readonly retryAfter?: string
  readonly message?: string
  readonly seconds?: number
  readonly bytes?: number
}

/** What is wrong with the exchanges now, and how often it is still to be. */
export class Faults {
  readonly #now: () => number
  #faults: { exchange: SimulatedExchange; fault: Fault; since: number; left: number }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  set(exchange: SimulatedExchange, fault: Fault): void {
    const left = fault.times ?? Number.POSITIVE_INFINITY
    this.#faults.push({ exchange, fault, since: this.#now(), left })
  }

  /** Takes away those of one exchange, or all. */
  clear(exchange?: SimulatedExchange): void {
    this.#faults = this.#faults.filter((one) => exchange !== undefined && one.exchange !== exchange)
  }

  /** The fault that this request meets, the newest first, and since when it is there. */
  take(exchange: SimulatedExchange, market: SimulatedMarket | undefined) {
    const met = this.#faults.findLast(
      (one) =>
        one.left > 0 &&
        one.exchange === exchange &&
        (one.fault.market === undefined || one.fault.market === market),
    )
    if (met !== undefined) met.left--
    return met
  }

  list(): { exchange: SimulatedExchange; fault: Fault }[] {
    return this.#faults
      .filter(({ left }) => left > 0)
      .map(({ exchange, fault }) => ({ exchange, fault }))
  }
}
