/** What a failing exchange sends: another answer instead of the book, or a book that is spoilt. */
import { proxyPage, refusal, type SpokenBook } from './bodies.js'
import type { Fault, FaultKind } from './faults.js'
import type { SimulatedBook, SimulatedExchange, SimulatedLevel } from './moving-book.js'
import type { Plain } from './routes.js'

/** Undefined where the fault lies in the book. */
export function faultyAnswer(
  exchange: SimulatedExchange,
  fault: Fault,
  url: URL,
): Plain | undefined {
  const { kind, status, retryAfter } = fault
  const rest = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  switch (kind) {
    case 'status': {
      const message = fault.message ?? ERROR_WORDS[exchange]
      return { status: status ?? 503, text: refusal(exchange, message), headers: rest }
    }
    case 'rate_limited': {
      const text = refusal(exchange, fault.message ?? RATE_WORDS[exchange])
      return { status: 429, text, headers: { 'retry-after': retryAfter ?? '2' } }
    }
    case 'html':
      return { status: status ?? 502, text: proxyPage(status ?? 502), headers: rest }
    case 'error_200':
      return { status: 200, text: refusal(exchange, fault.message ?? ERROR_WORDS[exchange]) }
    case 'redirect_elsewhere':
      return redirect(`http://elsewhere.invalid${url.pathname}`)
    case 'redirect_same': {
      const there = new URL(url)
      there.searchParams.set('redirected', '1')
      return redirect(`${there.pathname}${there.search}`)
    }
    default:
      return undefined
  }
}

const ERROR_WORDS = {
  coinbase: 'ServiceUnavailable',
  kraken: 'EService:Unavailable',
  bitstamp: 'Service unavailable',
  gemini: 'Exchange unavailable',
} as const
const RATE_WORDS = {
  coinbase: 'Public rate limit exceeded',
  kraken: 'EAPI:Rate limit exceeded',
  bitstamp: 'Rate limit exceeded',
  gemini: 'Requests were made too frequently',
} as const

function redirect(location: string): Plain {
  return { status: 302, text: '<html>Moved</html>', headers: { location } }
}

/** The book as the fault leaves it; an untouched one where there is none. */
export function spoiltBook(book: SimulatedBook, kind?: FaultKind): SpokenBook {
  const { bids, asks } = book
  const inAuction = kind === 'auction'
  switch (kind) {
    case 'empty':
      return { ...book, bids: [], asks: [], inAuction }
    case 'crossed':
    case 'auction':
      return { ...book, bids: moved(bids, asks[0]!.cents - bids[0]!.cents + 100), inAuction }
    case 'unsorted':
      return { ...book, asks: [asks[1]!, asks[0]!, ...asks.slice(2)], inAuction }
    case 'outlier': {
      const byCents = Math.round(asks[0]!.cents / 100) * 10
      return { ...book, bids: moved(bids, byCents), asks: moved(asks, byCents), inAuction }
    }
    default:
      return { ...book, inAuction }
  }
}

function moved(levels: readonly SimulatedLevel[], byCents: number): SimulatedLevel[] {
  return levels.map((level) => ({ ...level, cents: level.cents + byCents }))
}
