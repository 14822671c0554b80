/** Which of a market's books take part in prices, and why the others do not. */
import { add, compare, type Decimal, half, multiply, subtract, toText } from '../book/decimal.js'
import { isCrossed, midPrice } from '../book/depth.js'
import type { Ladder } from '../book/ladder.js'
import type {
  BookFlag,
  BookStatus,
  EpochMs,
  ExchangePoll,
  UnusableReason,
} from '../wire/exchange-records.js'
import { type ExchangeBook, shorten } from '../wire/exchanges/exchange.js'
import { readAnswer } from '../wire/exchanges/read-answer.js'

/** A book may be so much older than the answer that it came in. */
const MAX_AGE_MS = 30_000
/** Beyond 1/20, that is 5 %, of the median a mid price is an outlier. */
const OUTLIER_SHARE: Decimal = { units: 5, scale: 2 }

/** What an exchange said of one market in a round. */
export interface Answered {
  readonly exchange: string
  readonly record: ExchangePoll | undefined
  /** True where the poll before brought the same bytes. */
  readonly isSameBody: boolean
}

export interface UsableBook {
  readonly usable: true
  readonly bids: Ladder
  readonly asks: Ladder
  readonly mid: Decimal
  readonly flags: readonly BookFlag[]
}

export interface UnusableBook {
  readonly usable: false
  readonly reason: UnusableReason
  readonly detail: string
}

/** An exchange's answer and what came of it. */
export interface Judged {
  readonly exchange: string
  readonly record: ExchangePoll | undefined
  /** The book's own time; undefined where it carries none or could not be read. */
  readonly bookAtMs: EpochMs | undefined
  readonly verdict: UsableBook | UnusableBook
}

/** Judges each book by itself, then those that stand by each other. */
export function judgeBooks(answers: readonly Answered[]): Judged[] {
  return withoutOutliers(answers.map(judge))
}

function judge({ exchange, record, isSameBody }: Answered): Judged {
  if (record?.kind !== 'answer') {
    return { exchange, record, bookAtMs: undefined, verdict: withoutAnswer(record) }
  }
  const book = readAnswer(record)
  if ('reason' in book) {
    const verdict = unusable(book.reason, book.detail)
    return { exchange, record, bookAtMs: undefined, verdict }
  }
  const verdict = verdictOf(book, { respondedAtMs: record.responded_at, isSameBody })
  return { exchange, record, bookAtMs: book.bookAtMs, verdict }
}

function withoutAnswer(record: ExchangePoll | undefined): UnusableBook {
  if (record === undefined) return unusable('no_record', 'the round holds no record of it')
  if (record.kind === 'not_polled') {
    return unusable('not_polled', record.detail ?? 'nobody asked, because the poller was down')
  }
  const reason = record.error ?? 'no_record'
  return unusable(reason, record.detail ?? 'the record does not say why')
}

function verdictOf(
  { bids, asks, bookAtMs, isInAuction }: ExchangeBook,
  answer: { readonly respondedAtMs: EpochMs | null; readonly isSameBody: boolean },
): UsableBook | UnusableBook {
  const mid = midPrice({ bids, asks })
  if (mid === undefined) return unusable('empty', `${bids.size} bids and ${asks.size} asks`)
  // An auction is the reason why a book is crossed, so it is named first.
  if (isInAuction) return unusable('in_auction', 'an auction is on')
  if (isCrossed({ bids, asks })) {
    const [bid, ask] = [bids, asks].map(({ best }) => toText(best!.price))
    return unusable('crossed', `best bid ${bid} is not below best ask ${ask}`)
  }
  // A body without a time has no age.
  const ageMs = (answer.respondedAtMs ?? 0) - (bookAtMs ?? Number.POSITIVE_INFINITY)
  if (ageMs > MAX_AGE_MS) return unusable('stale', `${ageMs} ms old when the answer came`)
  const flags: BookFlag[] = answer.isSameBody && bookAtMs === undefined ? ['same_body'] : []
  return { usable: true, bids, asks, mid, flags }
}

function unusable(reason: UnusableReason, detail: string): UnusableBook {
  return { usable: false, reason, detail: shorten(detail) }
}

/** Of three or more usable books those far from the median of all go; two that are far apart are flagged. */
function withoutOutliers(judged: readonly Judged[]): Judged[] {
  const mids = judged.flatMap(({ verdict }) => (verdict.usable ? [verdict.mid] : []))
  if (mids.length < 2) return [...judged]
  const median = medianOf(mids)
  return judged.map((one) => {
    const { verdict } = one
    if (!verdict.usable || !isFar(verdict.mid, median)) return one
    if (mids.length === 2) {
      return { ...one, verdict: { ...verdict, flags: [...verdict.flags, 'far_apart' as const] } }
    }
    const books = `the median ${toText(median)} of ${mids.length} books`
    const detail = `mid price ${toText(verdict.mid)} is over 5 % from ${books}`
    return { ...one, verdict: unusable('outlier', detail) }
  })
}

/** The middle one, or halfway between the middle two; exact. */
function medianOf(values: readonly Decimal[]): Decimal {
  const sorted = values.toSorted(compare)
  const middle = sorted.length >> 1
  const upper = sorted[middle]!
  return sorted.length % 2 === 1 ? upper : half(add(sorted[middle - 1]!, upper))
}

function isFar(mid: Decimal, median: Decimal): boolean {
  const reach = multiply(median, OUTLIER_SHARE)
  return compare(mid, add(median, reach)) > 0 || compare(mid, subtract(median, reach)) < 0
}

export function statusOf({ exchange, verdict }: Judged): BookStatus {
  if (verdict.usable) {
    return { exchange, usable: true, reason: null, detail: null, flags: verdict.flags }
  }
  const { reason, detail } = verdict
  return { exchange, usable: false, reason, detail, flags: [] }
}
