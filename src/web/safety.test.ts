/** What the server refuses, and that no answer says or carries more than it must. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DepthlineError } from '../errors.js'
import {
  FIRST_TICK,
  giveRound,
  giveTicks,
  sendRaw,
  startWeb,
  type TestWeb,
} from '../testing/web.js'
import { cellText } from './csv-answer.js'
import { RateLimit } from './rate-limit.js'

let web: TestWeb
beforeAll(async () => {
  web = await startWeb({ allowHosts: ['books.example:8443'] })
  giveTicks(web, FIRST_TICK, 2)
})
afterAll(() => web.server.close())

const request = (line: string, ...headers: string[]) =>
  sendRaw(web.server.port, [line, ...headers, 'Connection: close', '', ''].join('\r\n'))
const get = (path: string, host: string) => request(`GET ${path} HTTP/1.1`, `Host: ${host}`)
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))

describe('a malformed request gets its 4xx with a body that says why', () => {
  const cases: [what: string, path: string, status: number, message: RegExp][] = [
    ['unknown path', '/api/v2/books', 404, /openapi/],
    ['unknown parameter', '/api/v1/symbols?x=1', 400, /no parameter "x"/],
    [
      'repeated parameter',
      '/api/v1/books/A?levels=1&levels=2',
      400,
      /levels: given more than once/,
    ],
    ['levels of none', '/api/v1/books/A?levels=0', 400, /levels: expected a whole number from 1/],
    ['levels in hex', '/api/v1/books/A?levels=0x10', 400, /got "0x10"/],
    ['symbol that is none', '/api/v1/books/%3Cb%3E', 400, /symbol: expected/],
    ['symbol of control bytes', '/api/v1/books/%00', 400, /symbol: expected/],
    ['bad percent code', '/api/v1/books/%zz', 400, /cannot be read/],
    ['time that is none', '/api/v1/books/A/history?from=yesterday', 400, /from: expected/],
    [
      'day that is none',
      '/api/v1/books/A/history?from=2026-13-01T00:00:00Z',
      400,
      /from: expected/,
    ],
    ['range backwards', '/api/v1/books/A/history?from=20&to=10', 400, /from: 20 comes after to/],
    ['side missing', '/api/v1/best', 400, /side: missing; expected one of buy, sell/],
    ['side that is none', '/api/v1/best?side=BUY', 400, /side: expected one of buy, sell/],
    ['notional below zero', '/api/v1/best?side=buy&notional=-1', 400, /notional: expected/],
    ['notional of zero', '/api/v1/best?side=buy&notional=0.00', 400, /notional: expected/],
    ['since in years', '/api/v1/mid?since=1y', 400, /since: expected/],
    ['since too far back', '/api/v1/rounds?since=48h', 400, /at most 24h/],
    ['prototype as a parameter', '/api/v1/symbols?__proto__=1', 400, /no parameter/],
    ['file above the page', '/page/../server.js', 404, /./],
    ['file above the page, coded', '/page/%2e%2e%2fserver.js', 404, /no such file/],
    ['file above the vendor', '/vendor/uplot/../../package.json', 404, /./],
  ]
  it.each(cases)('%s', async (_, path, status, message) => {
    const answer = await get(path, 'localhost')
    const body = bodyOf(answer)
    expect({ status: statusOf(answer), keys: Object.keys(body) }).toEqual({
      ...{ status, keys: ['error', 'message'] },
    })
    expect(body.message).toMatch(message)
  })

  it('says no more than a little of a long value', async () => {
    const body = bodyOf(await get(`/api/v1/books/A?levels=${'9'.repeat(1_500)}`, 'localhost'))
    expect(body.message.length).toBeLessThan(150)
  })

  it('URLs and headers that are too long', async () => {
    expect(statusOf(await get(`/${'a'.repeat(2_100)}`, 'localhost'))).toBe(414)
    const long = await request('GET / HTTP/1.1', 'Host: localhost', `X: ${'a'.repeat(9_000)}`)
    expect({ status: statusOf(long), ...bodyOf(long) }).toMatchObject({
      ...{ status: 431, error: 'headers_too_large' },
    })
  })

  it('bytes that are no HTTP', async () => {
    for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
      const answer = await sendRaw(web.server.port, bytes)
      expect({ bytes, status: statusOf(answer) }).toEqual({ bytes, status: 400 })
      expect(answer).toContain('content-security-policy')
    }
  })
})

describe('the guard', () => {
  it('looks at requests that cannot be decoded too, and answers CONNECT', async () => {
    const undecodable = (host: string) => request('GET /%% HTTP/1.1', `Host: ${host}`)
    expect(statusOf(await undecodable('evil.example'))).toBe(421)
    expect(statusOf(await undecodable('localhost'))).toBe(400)
    const connect = await request('CONNECT evil.example:80 HTTP/1.1', 'Host: localhost')
    expect(statusOf(connect)).toBe(405)
  })

  it('lets GET and HEAD through and nothing else', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const answer = await request(
        `${method} /api/v1/symbols HTTP/1.1`,
        'Host: localhost',
        'Content-Length: 0',
      )
      expect({ method, status: statusOf(answer) }).toEqual({ method, status: 405 })
      expect(answer).toMatch(/allow: GET, HEAD/i)
    }
    for (const path of ['/', '/api/v1/symbols', '/api/v1/stream', '/readyz']) {
      const answer = await request(`HEAD ${path} HTTP/1.1`, 'Host: localhost')
      expect({ path, isEmpty: answer.endsWith('\r\n\r\n') }).toEqual({ path, isEmpty: true })
    }
    expect(web.server.stream.open).toBe(0)
  })

  it('answers to its own names alone, so that a page elsewhere cannot rebind its name', async () => {
    const { port } = web.server
    const own = [
      'localhost',
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      'LOCALHOST',
      'books.example:8443',
    ]
    for (const host of own) expect(statusOf(await get('/livez', host))).toBe(200)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      'localhost:1',
      'books.example',
      '',
    ]) {
      const answer = await get('/api/v1/symbols', host)
      expect({ host, status: statusOf(answer) }).toEqual({ host, status: 421 })
      expect(answer).not.toContain('BTC')
    }
    expect(statusOf(await request('GET /livez HTTP/1.1'))).toBe(400)
    expect(
      statusOf(await request('GET /livez HTTP/1.1', 'Host: localhost', 'Host: localhost')),
    ).toBe(400)
  })

  it('puts the same headers on everything', async () => {
    for (const path of [
      '/',
      '/api/v1/symbols',
      '/nothing',
      '/page/none.js',
      '/metrics',
      '/%zz',
      '/api/v1/best',
    ]) {
      const { headers } = await web.get(path)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('x-powered-by')).toBeNull()
    }
    const stream = await fetch(`${web.url}/api/v1/stream`)
    expect(stream.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    await stream.body?.cancel()
  })

  it('refuses an address that asks too often, and lets it again', async () => {
    const busy = await startWeb({ rate: 5 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => busy.get('/livez')))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(10)
    expect(refused[0]!.headers.get('retry-after')).toBe('1')
    busy.clock.nowMs += 1_000
    expect((await busy.get('/livez')).status).toBe(200)
    await busy.server.close()
  })

  it('forgets addresses, so that many of them cost no memory', () => {
    const limit = new RateLimit(1, () => 0)
    for (let n = 0; n < 20_000; n++) limit.allows(`10.0.${n >> 8}.${n & 255}`)
    expect(limit.addresses).toBe(10_000)
  })

  it('says nothing of what is inside where a request fails', async () => {
    const report = async () => {
      throw new Error('secret at /home/somebody/lake.ts:12')
    }
    const broken = await startWeb({}, { report })
    const { status, text } = await broken.get('/api/v1/mid')
    expect({ status, text }).toEqual({
      status: 500,
      text: '{"error":"internal_error","message":"something went wrong here, and the log says what"}',
    })
    expect(broken.logged.join('')).toContain('secret')
    await broken.server.close()
  })

  it('says that Kafka or the lake cannot be read, and not where they are', async () => {
    const report = async () => {
      throw new DepthlineError('FILE_FAILED', '/home/somebody/lake: EIO')
    }
    const broken = await startWeb({}, { report })
    const { status, json } = await broken.get('/api/v1/mid')
    expect({ status, json }).toEqual({
      status: 503,
      json: { error: 'not_ready', message: 'Kafka or the lake cannot be read just now' },
    })
    await broken.server.close()
  })

  it('asks the lake at most two questions at a time, and lets eight wait', async () => {
    let open = 0
    let most = 0
    const report = async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 100))
      open--
      return { columns: [], rows: [] }
    }
    const busy = await startWeb({}, { report })
    const answers = await Promise.all(Array.from({ length: 15 }, () => busy.get('/api/v1/mid')))
    const counts = [200, 429].map((code) => answers.filter(({ status }) => status === code).length)
    expect({ most, counts }).toEqual({ most: 2, counts: [10, 5] })
    await busy.server.close()
  })
})

describe('text from outside', () => {
  it('begins no formula in a CSV cell, and numbers below zero stay numbers', () => {
    for (const text of ['=1+1', '+1', '-1+cmd', '@SUM(A1)', '\t=1', '\r=1', '-']) {
      expect(cellText(text)).toBe(`'${text}`)
    }
    for (const text of ['-1.5', '-0.0002', '1', 'BTC-USD', '', ' =1'])
      expect(cellText(text)).toBe(text)
    expect(cellText(-3)).toBe('-3')
    expect(cellText(['=a', 'b'])).toBe("'=a b")
    expect(cellText(null)).toBe('')
  })

  it('stays text where it holds markup', async () => {
    const other = await startWeb()
    giveRound(other, FIRST_TICK * 1000, false)
    const [round] = other.server.rounds.since(0, 'BTC-USD')
    const detail = '<img src=x onerror=alert(1)>'
    const analytics = round!.analytics!
    const exchanges = analytics.exchanges.map((of) => ({ ...of, detail }))
    other.server.rounds.takeAnalytics({ ...analytics, exchanges }, false)
    const { json, headers } = await other.get('/api/v1/rounds')
    expect(json[0].exchanges[0].detail).toBe(detail)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    await other.server.close()
  })
})

describe('the page', () => {
  it('comes with its type and an ETag, and not again where it is known', async () => {
    const { status, headers } = await web.get('/')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-cache')
    const etag = headers.get('etag')!
    expect((await web.get('/page/index.html', { 'if-none-match': etag })).status).toBe(304)
    expect((await web.get('/', { 'if-none-match': '"other"' })).status).toBe(200)
    const uplot = await web.get('/vendor/uplot/uPlot.esm.js')
    expect(uplot.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  })
})
