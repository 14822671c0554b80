/** The API over real sockets: what each path answers, to the digit, and as its schema says. */
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  FIRST_TICK,
  giveRound,
  giveTicks,
  StreamReader,
  startWeb,
  type TestWeb,
  tickRecord,
} from '../testing/web.js'

const POLL = Math.floor(FIRST_TICK / 60) * 60_000
const LAST = FIRST_TICK + 99

let web: TestWeb
beforeAll(async () => {
  web = await startWeb({ simulated: true })
  giveRound(web, POLL, false)
  giveTicks(web, FIRST_TICK, 100)
})
afterAll(() => web.server.close())

describe('the books', () => {
  it('lists the symbols with their best prices', async () => {
    const { status, json } = await web.get('/api/v1/symbols')
    const csv = await web.get('/api/v1/symbols?format=csv')
    expect(csv.text).toMatch(/^tick,symbol,best_bid,best_ask,mid,spread,crossed\n\d+,/)
    expect(csv.text.trim().split('\n')).toHaveLength(json.symbols.length + 1)
    expect(status).toBe(200)
    expect(json).toMatchObject({ tick: LAST, as_of: '2023-11-14T22:14:59Z', age_ms: 12 })
    const prices = { best_bid: '999.991', best_ask: '1001.000000000000000001' }
    expect(json.symbols).toMatchObject([
      { symbol: 'BTC-USDT', crossed: false },
      { symbol: 'ETH/USD', crossed: false },
    ])
    expect(json.symbols[0].best_bid.startsWith(prices.best_bid.slice(0, 4))).toBe(true)
  })

  it('gives a book to the digit of the message, with mid and spread exact', async () => {
    const { json } = await web.get('/api/v1/books/BTC-USDT?levels=2')
    expect(json.bids).toHaveLength(2)
    expect(json.bids[0]).toEqual({
      rank: 1,
      price: `999.${LAST % 1000}1`,
      amount: '2.5',
      total: '1.5',
      cum_sum: '1234567890123456789.000000000000000001',
    })
    const ask = `1001.00000000000000000${LAST % 9}1`
    expect(json.asks[0].price).toBe(ask)
    expect(json.mid).toBe('1000.49550000000000000405')
    expect(json.spread).toBe('1.0090000000000000081')
    expect(json.spread_bps).toBe('10.085')
  })

  it('finds a symbol with a slash, and says which it does not know', async () => {
    expect((await web.get('/api/v1/books/ETH%2FUSD')).json.symbol).toBe('ETH/USD')
    const { status, json } = await web.get('/api/v1/books/NO-SUCH')
    expect(status).toBe(404)
    expect(json).toEqual({
      error: 'not_found',
      message: 'the books of 2023-11-14T22:14:59Z hold no NO-SUCH',
    })
  })

  it('gives a book as CSV, and no other format', async () => {
    const { headers, text } = await web.get('/api/v1/books/BTC-USDT?levels=1&format=csv')
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(text.split('\n').slice(0, 2)).toEqual([
      'tick,symbol,side,rank,price,amount,total,cum_sum',
      `${LAST},BTC-USDT,buy,1,999.${LAST % 1000}1,2.5,1.5,1234567890123456789.000000000000000001`,
    ])
    expect((await web.get('/api/v1/books/BTC-USDT?format=xml')).json.message).toBe(
      'format: expected one of json, csv, got "xml"',
    )
  })

  it('gives history from memory, and older ticks from the topic', async () => {
    const recent = await web.get(`/api/v1/books/BTC-USDT/history?from=${LAST - 4}`)
    expect(recent.json).toMatchObject({ from: LAST - 4, to: LAST, complete: true })
    expect(recent.json.ticks).toHaveLength(5)
    web.topic.push(...[-3, -2, -1].map((back) => tickRecord(FIRST_TICK + back)))
    const older = await web.get(`/api/v1/books/BTC-USDT/history?from=${FIRST_TICK - 2}&to=${LAST}`)
    expect(older.json.ticks.map(({ tick }: { tick: number }) => tick - FIRST_TICK)).toEqual([
      -2, -1,
    ])
    const csv = await web.get(`/api/v1/books/BTC-USDT/history?from=${LAST}&format=csv`)
    expect(csv.text.split('\n')).toHaveLength(1 + 2 + 1)
  })

  it('cuts history off at 3,600 ticks and says so', async () => {
    web.topic.length = 0
    for (let back = 4_000; back > 0; back--) web.topic.push(tickRecord(FIRST_TICK - back))
    const from = FIRST_TICK - 4_000
    const { json } = await web.get(`/api/v1/books/BTC-USDT/history?from=${from}`)
    expect(json.complete).toBe(false)
    expect(json.ticks).toHaveLength(3_600)
  })
})

describe('the exchanges', () => {
  it('gives the rounds with every price', async () => {
    const { json } = await web.get('/api/v1/rounds?market=BTC-USD')
    expect(json).toHaveLength(1)
    expect(json[0]).toMatchObject({ poll_at: POLL, market: 'BTC-USD', buy_exchange: 'kraken' })
    expect(json[0].prices).toHaveLength(8)
  })

  it('names the best exchange for a notional, and the notionals there are', async () => {
    const { json } = await web.get('/api/v1/best?side=buy&notional=50000.0')
    expect(json[0]).toEqual({
      ...{ poll_at: POLL, market: 'BTC-USD', side: 'buy', notional: '50000' },
      ...{ exchange: 'coinbase', price: '34045.24571234', advantage_bps: '0' },
    })
    expect((await web.get('/api/v1/best?side=sell')).json[0].exchange).toBeNull()
    const other = await web.get('/api/v1/best?side=buy&notional=75000')
    expect(other.status).toBe(400)
    expect(other.json.message).toBe('notional: no prices for 75000; there are: 50000, 100000')
  })

  it('answers from the lake, and says where there is none', async () => {
    const { json } = await web.get('/api/v1/mid?since=1h')
    expect(json[0]).toMatchObject({
      poll_at: expect.any(Number),
      average_mid_price: '34045.245',
      mid_exchanges: ['coinbase', 'kraken'],
    })
    const csv = await web.get('/api/v1/mid?format=csv')
    expect(csv.text).toContain('34045.245,2,coinbase kraken\n')
    expect((await web.get('/api/v1/depth?format=csv')).text).toContain(",,,,stale,'=1+1\n")
    const bare = await startWeb({}, { report: async () => undefined })
    const none = await bare.get('/api/v1/depth')
    expect(none).toMatchObject({ status: 404, json: { error: 'not_found' } })
    await bare.server.close()
    expect((await web.get('/api/v1/mid?since=30d')).status).toBe(400)
  })
})

describe('status and health', () => {
  it('tells the figures of the last minute', async () => {
    const { json } = await web.get('/api/v1/status')
    expect(json).toMatchObject({
      ...{ tick: LAST, events_per_second: 100, rejected: 60, rejected_last_tick: 1, missed: 0 },
      ...{ lag: 7, tick_lateness_ms: { p50: 12, p99: 12 }, crossed: [], simulated: true },
      ...{ incomplete: false, clock: null, version: '1.2.3', verified: null, missing: [] },
    })
  })

  it('is ready while ticks are fresh, and not after three seconds without one', async () => {
    expect(await web.get('/readyz')).toMatchObject({ status: 200, json: { ready: true } })
    web.clock.nowMs += 3_500
    const { status, json } = await web.get('/readyz')
    web.clock.nowMs -= 3_500
    expect({ status, problems: json.problems }).toEqual({
      status: 503,
      problems: ['the last tick is 4 s old'],
    })
    expect((await web.get('/livez')).json).toEqual({ alive: true })
  })

  it('says what is missing before anything has come, and refuses nothing else for it', async () => {
    const empty = await startWeb()
    empty.server.ticks.state = { kind: 'waiting', why: 'there is no topic order-book yet' }
    expect((await empty.get('/api/v1/symbols')).json).toMatchObject({ tick: null, symbols: [] })
    expect((await empty.get('/api/v1/books/BTC-USDT')).status).toBe(404)
    expect((await empty.get('/api/v1/rounds')).json).toEqual([])
    expect((await empty.get('/api/v1/best?side=buy')).status).toBe(404)
    expect((await empty.get('/api/v1/status')).json.missing).toContain(
      'there is no topic order-book yet',
    )
    expect((await empty.get('/readyz')).json).toMatchObject({
      ready: false,
      problems: ['neither ticks nor rounds are there'],
    })
    giveRound(empty, POLL)
    expect(await empty.get('/readyz')).toMatchObject({ status: 200 })
    await empty.server.close()
  })

  it('counts messages that are no ticks, and goes on', async () => {
    const other = await startWeb()
    giveTicks(other, FIRST_TICK, 2)
    const { ticks } = other.server
    ticks.take(tickRecord(FIRST_TICK + 2, { text: '[{"no":"tick"}]' }), undefined)
    ticks.take(tickRecord(FIRST_TICK + 3, { text: undefined }), undefined)
    ticks.take(tickRecord(FIRST_TICK + 1), undefined)
    ticks.take(tickRecord(0, { headers: { tick: 'x' } }), undefined)
    giveTicks(other, FIRST_TICK + 4, 1)
    expect((await other.get('/api/v1/status')).json).toMatchObject({
      tick: FIRST_TICK + 4,
      skipped: { ticks: 4, last: '0 is no second of a tick' },
    })
    await other.server.close()
  })

  it('counts requests for Prometheus', async () => {
    const { text, headers } = await web.get('/metrics')
    expect(headers.get('content-type')).toContain('text/plain')
    expect(text).toContain(
      'depthline_serve_request_seconds_count{route="/api/v1/symbols",status="200"}',
    )
    expect(text).toContain('depthline_serve_ticks_seen_total 100')
  })
})

describe('the OpenAPI document', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape.
  let document: any
  beforeAll(async () => {
    document = (await web.get('/openapi.json')).json
  })

  it('lists exactly the routes that there are', () => {
    const listed = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'))
    const isPage = (path: string) => path === '/' || path.endsWith('/*')
    const routes = web.server.paths.filter((path) => !isPage(path))
    expect(listed.sort()).toEqual([...new Set(routes)].sort())
  })

  it('describes real answers: every field, and none beside them', async () => {
    // Fastify's own, for another package brings an older one.
    const ours = createRequire(import.meta.url)
    const fastifys = createRequire(ours.resolve('@fastify/ajv-compiler'))
    const { Ajv2020 } = fastifys('ajv/dist/2020')
    const addFormats = fastifys('ajv-formats')
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
    addFormats(ajv)
    ajv.addVocabulary(['components'])
    ajv.addSchema({ $id: 'document', components: document.components }, 'document')
    const examples: Record<string, string> = {
      '/api/v1/books/{symbol}': '/api/v1/books/BTC-USDT',
      '/api/v1/books/{symbol}/history': '/api/v1/books/BTC-USDT/history',
      '/api/v1/best': '/api/v1/best?side=buy',
    }
    const check = (name: string, value: unknown) => {
      const validate = ajv.compile({ $ref: `document${name}` })
      expect({ name, isValid: validate(value), errors: validate.errors }).toEqual({
        ...{ name, isValid: true, errors: null },
      })
    }
    for (const [path, { get }] of Object.entries<{ get: { responses: never } }>(document.paths)) {
      const { status, json } = await web.get(
        path === '/api/v1/stream' ? '/livez' : (examples[path] ?? path),
      )
      const { schema } =
        (get.responses as Record<number, { content: never }>)[status]!.content[
          'application/json'
        ] ?? ({} as never)
      if (schema !== undefined && '$ref' in (schema as object))
        check((schema as { $ref: string }).$ref, json)
    }
    check('#/components/schemas/Error', (await web.get('/api/v1/best')).json)
    const reader = await StreamReader.open(`${web.url}/api/v1/stream?last=5`)
    const [gap, tick] = await reader.take(2)
    check('#/components/schemas/GapEvent', gap!.data)
    check('#/components/schemas/TickEvent', tick!.data)
    reader.close()
  })
})
