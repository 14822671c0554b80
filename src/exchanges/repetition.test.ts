/** Which failures are repeated, after how long, and how Retry-After is read. */
import { describe, expect, it } from 'vitest'
import type { PollError } from '../wire/exchange-records.js'
import { backoffMs, isWorthRepeating, retryAfterMs } from './repetition.js'

const NOW = Date.parse('2026-11-20T10:00:00Z')

function repeats(error: PollError | null, status: number | null): boolean {
  return isWorthRepeating({ error, status, detail: null, body: null, retryAfter: null })
}

describe('a repetition', () => {
  it('is worth it after broken connections, 429 and 5xx, and nothing else', () => {
    expect(repeats('connection_failed', null)).toBe(true)
    expect(repeats('cut_off', 200)).toBe(true)
    for (const status of [429, 500, 502, 503, 520, 599]) {
      expect(repeats('http_status', status), String(status)).toBe(true)
    }
    for (const status of [304, 400, 401, 403, 404, 418, 451]) {
      expect(repeats('http_status', status), String(status)).toBe(false)
    }
    expect(repeats('body_too_large', 200)).toBe(false)
    expect(repeats('redirect_refused', 302)).toBe(false)
    expect(repeats(null, 200)).toBe(false)
  })

  it('waits twice as long each time, half of it by chance', () => {
    expect([0, 1, 2, 3].map((n) => backoffMs(n, () => 0))).toEqual([125, 250, 500, 1000])
    expect([0, 1, 2, 3].map((n) => backoffMs(n, () => 1))).toEqual([250, 500, 1000, 2000])
  })
})

describe('Retry-After', () => {
  it('is a number of seconds or an HTTP date', () => {
    expect(retryAfterMs('0', NOW)).toBe(0)
    expect(retryAfterMs('120', NOW)).toBe(120_000)
    expect(retryAfterMs('Fri, 20 Nov 2026 10:00:07 GMT', NOW)).toBe(7000)
    expect(retryAfterMs('Fri, 20 Nov 2026 09:00:00 GMT', NOW)).toBe(0)
  })

  it('is nothing where it is neither', () => {
    for (const header of [null, '', '1.5', '-3', 'soon', '2026-11-20', 'never GMT']) {
      expect(retryAfterMs(header, NOW), String(header)).toBeUndefined()
    }
  })
})
