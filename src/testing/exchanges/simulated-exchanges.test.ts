/** The simulated exchanges against recorded bodies, against the parsers, and their faults as the adapter meets them. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Judged, judgeBooks } from '../../jobs/usable-books.js'
import type { ExchangePoll } from '../../wire/exchange-records.js'
import { ask, askedBook } from './ask.js'
import type { Fault } from './faults.js'
import type { SimulatedExchange } from './moving-book.js'
import {
  SIMULATED_EXCHANGES,
  type SimulatedExchanges,
  startSimulatedExchanges,
} from './simulated-exchanges.js'

const RECORDED = new URL('../../../../shared/data/exchanges/', import.meta.url)
const recorded = { coinbase: 'coinbase-BTC-USD-level1.json' } as Partial<
  Record<SimulatedExchange, string>
>

let exchanges: SimulatedExchanges

beforeAll(async () => {
  exchanges = await startSimulatedExchanges()
})
afterEach(() => exchanges.clearFaults())
afterAll(() => exchanges.stop())

async function bodyOf(name: SimulatedExchange, path?: string): Promise<string> {
  const { reply } = await ask(askedBook(exchanges, name, path))
  return new TextDecoder().decode(reply.body!)
}

/** What the rules say of the book that one exchange gives under a fault. */
async function verdictOf(name: SimulatedExchange, fault?: Fault): Promise<Judged['verdict']> {
  if (fault !== undefined) await exchanges.setFault(name, fault)
  return judgeBooks([await answerOf(name)])[0]!.verdict
}

async function answerOf(exchange: SimulatedExchange) {
  const { reply } = await ask(askedBook(exchanges, exchange), { deadlineMs: 500 })
  const of = {
    poll_at: 0,
    exchange,
    market: 'BTC-USD',
    origin: null,
    exchanges: null,
    markets: null,
  }
  const record: ExchangePoll = { ...reply, ...of }
  return { exchange, record, isSameBody: false }
}

/** Names and kinds of a JSON value, digits as 9: what a parser has to cope with. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) {
    const shapes = value.map((one) => JSON.stringify(shape(one)))
    return [...new Set(shapes)].sort()
  }
  if (typeof value === 'object' && value !== null) {
    const names = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(names.map(([name, one]) => [name, shape(one)]))
  }
  // Runs of digits count once, for a price may be longer than another.
  return typeof value === 'string' ? value.replace(/\d+/g, '9') : typeof value
}

describe('a simulated body', () => {
  for (const name of SIMULATED_EXCHANGES) {
    const file = new URL(recorded[name] ?? `${name}-BTC-USD.json`, RECORDED)
    const why = existsSync(file) ? '' : ' (skipped: ../shared/data/exchanges is not there)'
    it.skipIf(why !== '')(`has the shape of ${name}'s recorded one${why}`, async () => {
      const path = name === 'coinbase' ? '/products/BTC-USD/book' : undefined
      const real = JSON.parse(readFileSync(file, 'utf8'))
      const fake = JSON.parse(await bodyOf(name, path))
      // Added to the answers after this one was recorded.
      if (name === 'bitstamp') real.microtimestamp = real.timestamp
      expect(withoutRows(fake)).toEqual(withoutRows(real))
      expect(rowShapes(fake)).toEqual(expect.arrayContaining(rowShapes(real)))
    })
  }

  it.each(SIMULATED_EXCHANGES)('of %s is a usable book by the rules', async (name) => {
    const verdict = await verdictOf(name)
    expect(verdict).toMatchObject({ usable: true, flags: [] })
  })

  it('is as big as the real ones', async () => {
    const wide = await startSimulatedExchanges({ levels: 22_000 })
    const { reply } = await ask(askedBook(wide, 'coinbase'))
    const { body } = (await ask(askedBook(wide, 'kraken'))).reply
    await wide.stop()
    expect(reply.body!.length).toBeGreaterThan(1_100_000)
    const kraken = JSON.parse(new TextDecoder().decode(body!)).result.XXBTZUSD
    expect([kraken.bids.length, kraken.asks.length]).toEqual([500, 500])
  })

  it('is the same for a seed and a moment, and another for another', async () => {
    const bodies = []
    for (const [seed, at] of [
      [1, 1_790_000_000_000],
      [1, 1_790_000_000_000],
      [2, 1_790_000_000_000],
      [1, 1_790_000_060_000],
    ] as const) {
      const other = await startSimulatedExchanges({ seed, levels: 50, now: () => at })
      const { reply } = await ask(askedBook(other, 'gemini'))
      bodies.push(reply.sha256)
      await other.stop()
    }
    expect(bodies[1]).toBe(bodies[0])
    expect(new Set(bodies).size).toBe(3)
  })
})

describe('a market that it does not know', () => {
  it.each<[SimulatedExchange, string, number, string]>([
    ['coinbase', '/products/DOGE-USD/book?level=2', 404, '{"message":"NotFound"}'],
    ['kraken', '/0/public/Depth?pair=DOGE', 200, '{"error":["EQuery:Unknown asset pair"]}'],
    ['bitstamp', '/api/v2/order_book/dogeusd/', 404, '{"status":"error","reason":"Not found."}'],
    ['gemini', '/v1/book/dogeusd', 400, '{"result":"error","reason":'],
  ])('gets the words of %s', async (name, path, status, start) => {
    const book = { ...askedBook(exchanges, name, path), asksToRetry: () => false }
    const { reply } = await ask(book)
    expect(reply.status).toBe(status)
    expect(new TextDecoder().decode(reply.body!).startsWith(start)).toBe(true)
  })
})

describe('a fault of the book', () => {
  it.each([
    ['empty', 'empty'],
    ['crossed', 'crossed'],
    ['auction', 'in_auction'],
    ['unsorted', 'unsorted'],
    ['stale', 'stale'],
    ['error_200', 'exchange_error'],
  ] as const)('%s is found by the rules to be %s', async (kind, reason) => {
    expect(await verdictOf('coinbase', { kind })).toMatchObject({ usable: false, reason })
  })

  it('is a page that pretends to be an answer', async () => {
    const verdict = await verdictOf('bitstamp', { kind: 'html', status: 200 })
    expect(verdict).toMatchObject({ usable: false, reason: 'invalid_body' })
  })

  it('is a price far from the others', async () => {
    await exchanges.setFault('gemini', { kind: 'outlier' })
    const judged = judgeBooks(await Promise.all(SIMULATED_EXCHANGES.map(answerOf)))
    expect(judged.map(({ verdict }) => verdict.usable)).toEqual([true, true, true, false])
    expect(judged[3]!.verdict).toMatchObject({ reason: 'outlier' })
  })

  it('is the same body again, where a book has no time of its own', async () => {
    await exchanges.setFault('kraken', { kind: 'stale' })
    const first = await bodyOf('kraken')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await bodyOf('kraken')).toBe(first)
  })
})

describe('the control', () => {
  async function order(method: string, body?: unknown, query = ''): Promise<Response> {
    const json = body === undefined ? null : JSON.stringify(body)
    return fetch(`${exchanges.controlUrl}${query}`, { method, body: json })
  }

  it('sets, lists and takes away faults', async () => {
    const fault = { exchange: 'kraken', kind: 'status', status: 500, times: 1, market: 'ETH-USD' }
    expect((await order('POST', fault)).status).toBe(204)
    const { exchange, ...rest } = fault
    expect(await (await order('GET')).json()).toEqual([{ exchange, fault: rest }])
    // Another market has nothing to do with it.
    expect((await ask(askedBook(exchanges, 'kraken'))).reply.attempts).toBe(1)
    expect((await order('DELETE', undefined, '?exchange=kraken')).status).toBe(204)
    expect(await (await order('GET')).json()).toEqual([])
  })

  it('brings an exchange back that nobody could reach', async () => {
    await order('POST', { exchange: 'gemini', kind: 'refused' })
    expect(await verdictOf('gemini')).toMatchObject({ reason: 'connection_failed' })
    await order('DELETE')
    expect(await verdictOf('gemini')).toMatchObject({ usable: true })
  })

  it('says what is wrong with an order', async () => {
    for (const wrong of [{ exchange: 'binance', kind: 'slow' }, { kind: 'slow' }, 'x', undefined]) {
      const answer = await order('POST', wrong)
      expect(answer.status).toBe(400)
      expect((await answer.text()).length).toBeGreaterThan(10)
    }
  })
})

/** Everything but the levels. */
function withoutRows(body: Record<string, unknown>): unknown {
  const text = JSON.stringify(body, (name, value) => {
    return name === 'bids' || name === 'asks' ? [] : value
  })
  return shape(JSON.parse(text))
}

function rowShapes(body: Record<string, unknown>): unknown[] {
  const rows: unknown[] = []
  JSON.stringify(body, (name, value) => {
    if (name === 'bids' || name === 'asks') rows.push(...value)
    return value
  })
  return shape(rows) as unknown[]
}
