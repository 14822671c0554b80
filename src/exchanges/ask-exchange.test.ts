/** Asking simulated exchanges, over real sockets, in health and under each fault of a single answer. */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, askedBook } from '../testing/exchanges/ask.js'
import { refusal } from '../testing/exchanges/bodies.js'
import type { Fault } from '../testing/exchanges/faults.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from '../testing/exchanges/simulated-exchanges.js'
import { KEPT_OF_TOO_LARGE, MAX_BODY_BYTES } from './request.js'

let exchanges: SimulatedExchanges

beforeAll(async () => {
  exchanges = await startSimulatedExchanges({ levels: 200 })
})
afterEach(() => exchanges.clearFaults())
afterAll(() => exchanges.stop())

/** Asks Kraken under a fault. */
async function underFault(fault: Fault, deadlineMs = 5000) {
  await exchanges.setFault('kraken', fault)
  const { requests } = exchanges.server('kraken')
  const startedAt = performance.now()
  const asked = await ask(askedBook(exchanges, 'kraken'), { deadlineMs })
  return {
    ...asked,
    tookMs: performance.now() - startedAt,
    requests: exchanges.server('kraken').requests - requests,
  }
}

describe('an exchange in health', () => {
  it.each(['coinbase', 'kraken', 'bitstamp', 'gemini'] as const)(
    '%s answers at once',
    async (name) => {
      const before = Date.now()
      const { reply, late } = await ask(askedBook(exchanges, name))

      expect(reply).toMatchObject({
        kind: 'answer',
        attempts: 1,
        status: 200,
        error: null,
        detail: null,
      })
      const { body, sha256, requested_at: requestedAt, responded_at: respondedAt } = reply
      expect(Object.keys(JSON.parse(new TextDecoder().decode(body!))).length).toBeGreaterThan(1)
      expect(sha256).toBe(createHash('sha256').update(body!).digest('hex'))
      expect(requestedAt).toBeGreaterThanOrEqual(before)
      expect(respondedAt).toBeGreaterThanOrEqual(requestedAt!)
      expect(late).toBeUndefined()
    },
  )

  it('is told who asks, and may pack its answer', async () => {
    await ask(askedBook(exchanges, 'coinbase'))
    expect(exchanges.server('coinbase').headers).toMatchObject({
      'user-agent': 'depthline/test',
      'accept-encoding': expect.stringContaining('gzip'),
    })
  })

  it('has said something too where the market is not its own', async () => {
    const { reply } = await ask(askedBook(exchanges, 'coinbase', '/products/DOGE-USD/book'))
    expect(reply).toMatchObject({
      kind: 'failure',
      attempts: 1,
      status: 404,
      error: 'http_status',
      detail: 'HTTP 404: {"message":"NotFound"}',
    })
  })
})

describe('a failure that may pass', () => {
  it.each<[string, Fault]>([
    ['a 503', { kind: 'status' }],
    ['a 500', { kind: 'status', status: 500 }],
    ['a page with 520', { kind: 'html', status: 520 }],
    ['a reset connection', { kind: 'reset' }],
    ['a body that is cut off', { kind: 'cut_off' }],
    ['an error with HTTP 200', { kind: 'error_200' }],
    ['a 429', { kind: 'rate_limited', retryAfter: '0' }],
  ])('%s is asked again', async (_name, fault) => {
    const { reply, requests } = await underFault({ ...fault, times: 2 })
    expect(reply).toMatchObject({ kind: 'answer', status: 200, error: null, attempts: 3 })
    expect(requests).toBe(3)
  })

  it('is left alone for as long as it asks', async () => {
    const { reply, tookMs } = await underFault({ kind: 'rate_limited', retryAfter: '1', times: 1 })
    expect(reply).toMatchObject({ kind: 'answer', attempts: 2 })
    expect(tookMs).toBeGreaterThanOrEqual(990)
  })

  it('is not asked again where it wants more time than there is, and the failure says so', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
    for (const retryAfter of ['60', inAnHour]) {
      const { reply, tookMs } = await underFault({ kind: 'rate_limited', retryAfter })
      expect(reply).toMatchObject({
        kind: 'failure',
        error: 'http_status',
        status: 429,
        attempts: 1,
      })
      expect(reply.detail).toMatch(
        /^asks to be left alone for (60|3600|3599) s, past the deadline: HTTP 429: \{"error":/,
      )
      expect(tookMs).toBeLessThan(1000)
    }
  })

  it('ends, where it does not pass, with the last answer before the deadline', async () => {
    const { reply, tookMs, requests } = await underFault({ kind: 'status', status: 502 }, 1200)
    expect(reply).toMatchObject({ kind: 'failure', error: 'http_status', status: 502 })
    expect(reply.attempts).toBe(requests)
    expect(requests).toBeGreaterThanOrEqual(3)
    expect(tookMs).toBeLessThan(1300)
  })

  it('is an answer all the same where an exchange keeps saying no with HTTP 200', async () => {
    const { reply } = await underFault({ kind: 'error_200' }, 600)
    const text = refusal('kraken', 'EService:Unavailable')
    expect(reply).toMatchObject({ kind: 'answer', status: 200, error: null, detail: null })
    expect(new TextDecoder().decode(reply.body!)).toBe(text)
  })

  it('names what is wrong with the connection', async () => {
    expect((await underFault({ kind: 'reset' }, 300)).reply).toMatchObject({
      kind: 'failure',
      error: 'connection_failed',
      status: null,
      detail: expect.stringMatching(/closed|reset/i),
      sha256: null,
      body: null,
    })
    expect((await underFault({ kind: 'refused' }, 300)).reply).toMatchObject({
      kind: 'failure',
      error: 'connection_failed',
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('names a body that was cut off', async () => {
    const { reply } = await underFault({ kind: 'cut_off' }, 300)
    expect(reply).toMatchObject({ kind: 'failure', error: 'cut_off', status: 200 })
    expect(reply.detail).toMatch(/^cut off after \d+ bytes: /)
  })
})

describe('a failure that will not pass', () => {
  it('is not asked again', async () => {
    for (const status of [400, 401, 403, 404, 451]) {
      const { reply, requests } = await underFault({ kind: 'status', status })
      expect(reply).toMatchObject({ kind: 'failure', error: 'http_status', status, attempts: 1 })
      expect(requests).toBe(1)
    }
  })

  it('is a body without an end, which is given up at the limit however small gzip makes it', async () => {
    const { reply, requests } = await underFault({ kind: 'oversized', bytes: 2 ** 30 })
    expect(reply).toMatchObject({ kind: 'failure', error: 'body_too_large', status: 200 })
    expect(reply.body).toHaveLength(KEPT_OF_TOO_LARGE)
    expect(requests).toBe(1)
    const { bytesMade } = exchanges.server('kraken')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(exchanges.server('kraken').bytesMade - bytesMade).toBeLessThan(MAX_BODY_BYTES)
    expect(bytesMade).toBeLessThan(2 ** 28)
  })

  it('is a redirect to another host', async () => {
    const { reply } = await underFault({ kind: 'redirect_elsewhere' })
    expect(reply).toMatchObject({
      kind: 'failure',
      error: 'redirect_refused',
      status: 302,
      attempts: 1,
      detail: 'redirected to http://elsewhere.invalid',
    })
  })
})

describe('a redirect to the same host', () => {
  it('is followed, and counts as a request', async () => {
    const { reply } = await underFault({ kind: 'redirect_same' })
    expect(reply).toMatchObject({ kind: 'answer', status: 200, attempts: 2 })
  })
})

describe('a page instead of a book', () => {
  it('is an answer, for whoever parses it to judge', async () => {
    const { reply } = await underFault({ kind: 'html', status: 200 })
    expect(reply).toMatchObject({ kind: 'answer', status: 200, attempts: 1 })
    expect(new TextDecoder().decode(reply.body!)).toMatch(/^<!DOCTYPE html>/)
  })
})
