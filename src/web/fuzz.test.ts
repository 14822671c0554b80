/** Ten thousand requests made up from a seed: none brings a 5xx, none ends the server. */
import { describe, expect, it } from 'vitest'
import { Random } from '../testing/random.js'
import { FIRST_TICK, giveRound, giveTicks, sendRaw, startWeb } from '../testing/web.js'

const REQUESTS = 10_000
const AT_ONCE = 16
const SEED = Number(process.env.SEED ?? 1)
const LIMIT_MS = 120_000

const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'get', 'BREW', '']
const PATHS = [
  '/',
  '/api/v1/symbols',
  '/api/v1/books/BTC-USDT',
  '/api/v1/books/ETH%2FUSD/history',
  '/api/v1/mid',
  '/api/v1/depth',
  '/api/v1/best',
  '/api/v1/rounds',
  '/api/v1/status',
  '/api/v1/stream',
  '/openapi.json',
  '/metrics',
  '/livez',
  '/readyz',
  '/page/',
  '/vendor/uplot/',
]
const NAMES = [
  'levels',
  'from',
  'to',
  'since',
  'market',
  'side',
  'notional',
  'format',
  'last',
  'symbol',
  '__proto__',
  'x[]',
  '',
]
const TEXTS = [
  '',
  '0',
  '1',
  '15',
  '-1',
  '1e9',
  'NaN',
  '99999999999999999999',
  'all',
  'buy',
  'sell',
  'csv',
  'json',
  '1h',
  '24h',
  '9999999d',
  String(FIRST_TICK),
  String(FIRST_TICK + 5),
  '2026-11-20T10:00:00Z',
  '0000-00-00T00:00Z',
  'BTC-USD',
  "'; DROP TABLE x",
  '%00',
  '%',
  '%zz',
  '%C0%80',
  '%F0%9F%98%80',
  '..%2f..%2fetc%2fpasswd',
  '=1+1',
  '50000',
  '100000.0',
  '1'.repeat(40),
  'constructor',
  'toString',
]
const HEADERS = [
  'Host: localhost',
  'Host: evil.example',
  'Last-Event-ID: 5',
  'Last-Event-ID: x',
  'If-None-Match: *',
  'If-None-Match: "',
  'Accept-Encoding: gzip',
  'Range: bytes=0-',
  'Content-Length: 5',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Cookie: =',
  ': empty',
  'No-Colon',
  'X-Forwarded-For: 1.2.3.4',
  'Origin: null',
]

describe('the server', () => {
  it(
    `survives ${REQUESTS} requests of every kind`,
    async () => {
      const web = await startWeb({ streams: 1_000 })
      giveTicks(web, FIRST_TICK, 20)
      giveRound(web, FIRST_TICK * 1000)
      const random = new Random(SEED)
      const statuses = new Map<string, number>()
      const faults: string[] = []
      let left = REQUESTS
      const send = async () => {
        while (left-- > 0) {
          const bytes = fuzzed(random)
          const answer = await sendRaw(web.server.port, bytes, 100)
          // After a `100 Continue` comes the answer itself.
          const status = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].at(-1)?.[1] ?? 'none'
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          if (status.startsWith('5'))
            faults.push(`${JSON.stringify(bytes)} → ${answer.slice(0, 500)}`)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, send))
      expect(faults).toEqual([])
      for (const status of ['200', '400', '404', '405', '414', '421']) {
        expect({ status, isSeen: (statuses.get(status) ?? 0) > 10 }).toEqual({
          status,
          isSeen: true,
        })
      }
      expect(web.logged).toEqual([])
      expect((await web.get('/readyz')).status).toBe(200)
      await expect.poll(() => web.server.stream.open, { timeout: 5_000 }).toBe(0)
      await web.server.close()
    },
    LIMIT_MS,
  )
})

/** Most are requests with something odd in them, some are broken bytes. */
function fuzzed(random: Random): string {
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!
  const path = PATHS[random.below(PATHS.length)]! + (random.below(4) === 0 ? `/${pick(TEXTS)}` : '')
  const query = Array.from(
    { length: Math.max(0, random.below(6) - 3) },
    () => `${pick(NAMES)}=${pick(TEXTS)}`,
  )
  const long = random.below(50) === 0 ? `&x=${'y'.repeat(random.below(4_000))}` : ''
  const url = `${path}${query.length > 0 ? '?' : ''}${query.join('&')}${long}`
  const headers = Array.from({ length: Math.max(0, random.below(6) - 3) }, () => pick(HEADERS))
  const host = random.below(10) === 0 ? [] : ['Host: localhost']
  const version = random.below(40) === 0 ? 'HTTP/2.0' : 'HTTP/1.1'
  const lines = [
    `${pick(METHODS)} ${url} ${version}`,
    ...host,
    ...headers,
    'Connection: close',
    '',
    '',
  ]
  const text = lines.join('\r\n')
  if (random.below(8) > 0) return text
  const bytes = [...text]
  for (let n = 0; n < 1 + random.below(5); n++) {
    bytes[random.below(bytes.length)] = String.fromCharCode(random.below(256))
  }
  return bytes.join('')
}
