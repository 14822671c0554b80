/** One try: a request, the redirects it is sent through, and the body to its end or to its limit. */
import type { PollError } from '../wire/exchange-records.js'
import { causeText, detailText, excerpt } from './detail.js'

/** What one try came to; there is no error where a 2xx answer came whole. */
export interface Try {
  readonly error: PollError | null
  readonly detail: string | null
  readonly status: number | null
  /** Null where nothing came. */
  readonly body: Uint8Array | null
  readonly retryAfter: string | null
}

/** What has happened so far, for whoever cannot wait until the try is over. */
export interface Transfer {
  /** Requests sent, of all tries. */
  requests: number
  /** When the last of them was sent. */
  requestedAt: number | null
  /** Of the last answer. */
  status: number | null
  /** What has come of the present body. */
  pieces: Uint8Array[]
}

interface RequestTerms {
  readonly userAgent: string
  now(): number
  readonly signal: AbortSignal
}

/** No book that was ever seen is a quarter of this. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024
/** Of a body above the limit, this much is kept to show what it was. */
export const KEPT_OF_TOO_LARGE = 64 * 1024
const MAX_REDIRECTS = 2

/** Never rejects: whatever happens becomes a value. */
export async function tryOnce(url: URL, transfer: Transfer, terms: RequestTerms): Promise<Try> {
  let target = url
  for (let redirects = 0; ; redirects++) {
    transfer.requests++
    transfer.requestedAt = terms.now()
    transfer.pieces = []
    let response: Response
    try {
      response = await send(target, terms)
    } catch (error) {
      return failure('connection_failed', causeText(error), { status: transfer.status })
    }
    transfer.status = response.status
    const result = await readWhole(response, transfer)
    const location = result.error === 'http_status' ? redirection(response) : null
    if (location === null) return result
    const next = URL.canParse(location, target.href) ? new URL(location, target) : undefined
    const hasSecret = next !== undefined && next.username + next.password !== ''
    if (next?.origin !== url.origin || hasSecret) {
      // Only the host is named: the rest of an address may carry what is not for logs.
      const where = next === undefined ? 'what is no address' : next.origin
      return failure('redirect_refused', `redirected to ${where}`, result)
    }
    if (redirects === MAX_REDIRECTS) {
      return failure('redirect_refused', `redirected more than ${MAX_REDIRECTS} times`, result)
    }
    target = next
  }
}

function send(url: URL, { userAgent, signal }: RequestTerms): Promise<Response> {
  return fetch(url, {
    headers: { 'user-agent': userAgent, accept: 'application/json' },
    redirect: 'manual',
    signal,
  })
}

function redirection({ status, headers }: Response): string | null {
  return [301, 302, 303, 307, 308].includes(status) ? headers.get('location') : null
}

/**
 * Reads the body and says what the answer is.
 *
 * The bytes are those of the JSON text: fetch undoes the content encoding, so
 * gzip is never seen here, and the limit holds for what it unpacks to. Of a
 * packed body that is cut off, what was unpacked by then is what came.
 */
async function readWhole(response: Response, transfer: Transfer): Promise<Try> {
  const { status, headers, ok } = response
  const reader = response.body?.getReader()
  let bytes = 0
  try {
    for (;;) {
      const piece = await reader?.read()
      if (piece?.value === undefined) break
      bytes += piece.value.length
      transfer.pieces.push(piece.value)
      if (bytes > MAX_BODY_BYTES) return await tooLarge(reader!, transfer)
    }
  } catch (error) {
    const words = `cut off after ${bytes} bytes: ${causeText(error)}`
    return failure('cut_off', words, { status, body: joined(transfer.pieces) })
  }
  const body = joined(transfer.pieces)
  const retryAfter = headers.get('retry-after')
  if (ok) return { error: null, detail: null, status, body, retryAfter }
  const said = body.length > 0 ? `: ${excerpt(body)}` : ''
  return { ...failure('http_status', `HTTP ${status}${said}`, { status, body }), retryAfter }
}

async function tooLarge(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { pieces, status }: Transfer,
): Promise<Try> {
  // Ends the connection, so that nothing more is received or unpacked.
  await reader.cancel().catch(() => {})
  const body = joined(pieces).slice(0, KEPT_OF_TOO_LARGE)
  const words = `more than ${MAX_BODY_BYTES} bytes, the first ${KEPT_OF_TOO_LARGE} are kept`
  return failure('body_too_large', words, { status, body })
}

function failure(
  error: PollError,
  words: string,
  { status, body = null }: { status: number | null; body?: Uint8Array | null },
): Try {
  const came = body === null || body.length === 0 ? null : body
  return { error, detail: detailText(words), status, body: came, retryAfter: null }
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
