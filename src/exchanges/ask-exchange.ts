/** Asks an exchange for one market's book: a try and its repetitions inside a deadline, and what comes too late. */
import { createHash } from 'node:crypto'
import { DepthlineError } from '../errors.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import { detailText } from './detail.js'
import { backoffMs, isWorthRepeating, retryAfterMs } from './repetition.js'
import { joined, type Transfer, type Try, tryOnce } from './request.js'

/** Which book is asked for, and where. */
export interface AskedBook {
  /** Scheme, host and port, such as `https://api.kraken.com`. */
  readonly origin: string
  /** Path and query, which are put after the origin. */
  readonly path: string
  /** True where the body of a whole 2xx answer says «not now», which HTTP would say with 429 or 503. */
  asksToRetry?(body: Uint8Array): boolean
}

export interface AskClock {
  /** Milliseconds since 1970 in UTC. */
  now(): number
  /** Milliseconds that only ever go forward. */
  monotonic(): number
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface AskTerms {
  /** By the monotonic clock. At this moment there is a reply, whatever the exchange does. */
  readonly deadlineAt: number
  /** How long after the deadline a request that was sent may still be answered; 0 ends it at the deadline. */
  readonly lateMs: number
  readonly userAgent: string
  readonly clock: AskClock
  /** From 0 up to, not including, 1. */
  random(): number
  /** Ends everything: the asking rejects, and a late answer is given up. */
  readonly signal: AbortSignal
}

/** The part of a poll record that the exchange decides. */
export type Reply<Kind extends ExchangePoll['kind'] = 'answer' | 'failure'> = Pick<
  ExchangePoll,
  'requested_at' | 'responded_at' | 'attempts' | 'status' | 'error' | 'detail' | 'sha256' | 'body'
> & { readonly kind: Kind }

export interface Asked {
  readonly reply: Reply
  /** Undefined unless the reply is a timeout with a request still out; never rejects. */
  readonly late: Promise<Reply<'late'> | undefined> | undefined
}

/** How long a request that was sent may be answered after the deadline, where nobody says otherwise. */
export const LATE_MS = 20_000

/**
 * Whatever the exchange does, the reply is there at the deadline and never an exception.
 *
 * @throws DepthlineError STOPPED, when `signal` aborts first
 */
export async function askExchange(book: AskedBook, terms: AskTerms): Promise<Asked> {
  const { clock, signal } = terms
  const over = new AbortController()
  const end = () => over.abort()
  signal.addEventListener('abort', end)
  try {
    const deadline = clock.sleep(terms.deadlineAt - clock.monotonic(), over.signal)
    return await askUntil(deadline.then(noTry), book, terms)
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

async function askUntil(
  deadline: Promise<undefined>,
  book: AskedBook,
  terms: AskTerms,
): Promise<Asked> {
  const { clock, signal } = terms
  const url = new URL(`${book.origin}${book.path}`)
  const transfer: Transfer = { requests: 0, requestedAt: null, status: null, pieces: [] }
  let before: Try | undefined
  for (let repetition = 0; ; repetition++) {
    if (clock.monotonic() >= terms.deadlineAt) return { reply: timedOut(), late: undefined }
    const giveUp = new AbortController()
    const { userAgent } = terms
    const asking = tryOnce(url, transfer, { userAgent, now: clock.now, signal: giveUp.signal })
    const result = await Promise.race([asking, deadline])
    if (signal.aborted) throw stopped(giveUp)
    if (result === undefined) {
      return { reply: timedOut(), late: lateAnswer(asking, giveUp, transfer, terms) }
    }
    const pause = pauseBefore(result, repetition, book, terms)
    if (typeof pause !== 'number') {
      return { reply: replyOf({ ...result, ...pause }, transfer, clock), late: undefined }
    }
    before = result
    await clock.sleep(pause, signal)
    if (signal.aborted) throw stopped(giveUp)
  }

  function timedOut(): Reply {
    return replyOf(timeout(transfer, before), transfer, clock)
  }
}

/** The milliseconds until the next try, or, where this was the last one, what is to be said of that. */
function pauseBefore(
  result: Try,
  repetition: number,
  book: AskedBook,
  { clock, deadlineAt, random }: AskTerms,
): number | { readonly detail?: string } {
  const refuses = result.error === null && book.asksToRetry?.(result.body!) === true
  if (!refuses && !isWorthRepeating(result)) return {}
  const wanted = retryAfterMs(result.retryAfter, clock.now())
  const pause = Math.max(wanted ?? 0, backoffMs(repetition, random))
  if (clock.monotonic() + pause < deadlineAt) return pause
  if (wanted === undefined || wanted < pause || result.error === null) return {}
  const rest = `asks to be left alone for ${Math.ceil(wanted / 1000)} s, past the deadline`
  return { detail: detailText(`${rest}: ${result.detail}`) }
}

async function lateAnswer(
  asking: Promise<Try>,
  giveUp: AbortController,
  transfer: Transfer,
  { clock, lateMs, signal }: AskTerms,
): Promise<Reply<'late'> | undefined> {
  const over = new AbortController()
  const end = () => over.abort()
  signal.addEventListener('abort', end)
  const result = await Promise.race([asking, clock.sleep(lateMs, over.signal).then(noTry)])
  signal.removeEventListener('abort', end)
  end()
  giveUp.abort()
  if (result === undefined || result.error !== null) return undefined
  return { ...replyOf(result, transfer, clock), kind: 'late' }
}

function timeout({ requests, status, pieces }: Transfer, before: Try | undefined): Try {
  const came = pieces.length > 0 ? joined(pieces) : null
  const words =
    requests === 0
      ? 'the deadline had passed before anything was asked'
      : came === null
        ? 'no answer before the deadline'
        : `the answer was not whole at the deadline, ${came.length} bytes of it had come`
  const detail = detailText(before?.detail ? `${words}; before that: ${before.detail}` : words)
  return { error: 'timeout', detail, status, body: came, retryAfter: null }
}

function replyOf({ error, detail, status, body }: Try, transfer: Transfer, clock: AskClock): Reply {
  return {
    kind: error === null ? 'answer' : 'failure',
    requested_at: transfer.requestedAt,
    responded_at: transfer.requestedAt === null ? null : clock.now(),
    attempts: transfer.requests,
    status,
    error,
    detail,
    sha256: body === null ? null : createHash('sha256').update(body).digest('hex'),
    body,
  }
}

function stopped(giveUp: AbortController): DepthlineError {
  giveUp.abort()
  return new DepthlineError('STOPPED', 'stopped while an exchange was asked')
}

function noTry(): undefined {}
