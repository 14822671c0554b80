/** `depthline quote` as a process against the simulated exchanges: what it prints, and how it ends. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import type { Fault } from '../testing/exchanges/faults.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from '../testing/exchanges/simulated-exchanges.js'

let exchanges: SimulatedExchanges

beforeAll(async () => {
  exchanges = await startSimulatedExchanges()
})
afterEach(async () => {
  await killLeftovers()
  await exchanges.clearFaults()
})
afterAll(() => exchanges.stop())

const BUY = ['quote', 'buy', '50000', '--market', 'BTC-USD']

function environment() {
  // That these are not the exchanges' own addresses is a warning, which is tested elsewhere.
  return { KAFKA_BROKERS: 'nowhere', LOG_LEVEL: 'error', ...exchanges.environment() }
}

async function quotes(args: readonly string[]) {
  const result = await runCli([...args, '-o', 'json'], { env: environment() })
  return { ...result, quotes: JSON.parse(result.stdout) as Record<string, unknown>[] }
}

describe('quote', () => {
  it('prints what each exchange offers, one of them the best, without Kafka', async () => {
    const all = ['--exchanges', 'coinbase,kraken,bitstamp,gemini']
    const { code, stderr, quotes: offers } = await quotes([...BUY, ...all])
    expect([code, stderr]).toEqual([0, ''])
    expect(offers.map(({ exchange }) => exchange)).toEqual(all[1]!.split(','))
    const prices = offers.map(({ price }) => Number(price))
    const best = offers.filter((offer) => offer.best === true)
    expect(best.map(({ price }) => Number(price))).toEqual([Math.min(...prices)])
    for (const offer of offers) {
      expect(offer).toMatchObject({ market: 'BTC-USD', side: 'buy', notional: '50000' })
      expect(offer).toMatchObject({ complete: true, filled_notional: '50000' })
      expect(offer.base_amount).toMatch(/^\d+\.\d{1,12}$/)
      expect(offer).not.toHaveProperty('error')
    }
  })

  it('asks Coinbase and Kraken, and shows a table, where nobody says otherwise', async () => {
    const args = ['quote', 'sell', '100000.50', '--market', 'ETH-USD']
    const { code, stdout } = await runCli(args, { env: environment() })
    expect(code).toBe(0)
    const [title, , ...lines] = stdout.split('\n')
    expect(title).toBe('sell ETH for 100000.5 USD')
    expect(lines.slice(0, 2).map((line) => line.slice(3, 11).trim())).toEqual([
      'coinbase',
      'kraken',
    ])
    expect(lines[2]).toMatch(/^\* best: (coinbase|kraken), \d/)
  })

  it.each<[Fault, string]>([
    [{ kind: 'rate_limited', retryAfter: '60' }, 'http_status: asks to be left alone for 60 s'],
    [{ kind: 'status', status: 404 }, 'http_status: HTTP 404: {"error":['],
    [{ kind: 'html', status: 200 }, 'invalid_body: no JSON: it begins "<!DOCTYPE'],
    [{ kind: 'oversized' }, 'body_too_large: more than 8388608 bytes'],
    [{ kind: 'empty' }, 'empty: 0 bids and 0 asks'],
    [{ kind: 'crossed' }, 'crossed: best bid '],
    [{ kind: 'unsorted' }, 'unsorted: asks[1] price '],
    [{ kind: 'redirect_elsewhere' }, 'redirect_refused: redirected to http://elsewhere.invalid'],
    [{ kind: 'hang' }, 'timeout: no answer before the deadline'],
    [{ kind: 'refused' }, 'connection_failed: connect ECONNREFUSED'],
  ])('names a fault and offers what the others have: %j', async (fault, error) => {
    await exchanges.setFault('kraken', fault)
    const { code, quotes: offers } = await quotes(BUY)
    expect(code).toBe(0)
    expect(offers[0]).toMatchObject({ exchange: 'coinbase', complete: true, best: true })
    expect(offers[1]).toMatchObject({
      exchange: 'kraken',
      complete: false,
      price: null,
      best: false,
    })
    expect(String(offers[1]!.error).slice(0, error.length)).toBe(error)
  })

  it('ends with 3 where nobody answered, and all the same prints why', async () => {
    for (const name of ['coinbase', 'kraken'] as const) {
      await exchanges.setFault(name, { kind: 'rate_limited', retryAfter: '60' })
    }
    const { code, stderr, quotes: offers } = await quotes(BUY)
    expect([code, stderr]).toEqual([3, 'depthline: no answer from coinbase, kraken\n'])
    expect(offers).toHaveLength(2)
  })

  it('ends with 0 where an answer came that no price can be made from', async () => {
    await exchanges.setFault('kraken', { kind: 'empty' })
    const { code, quotes: offers } = await quotes([...BUY, '--exchanges', 'kraken'])
    expect(code).toBe(0)
    expect(offers).toMatchObject([{ best: false, price: null }])
  })

  it.each([
    [['quote', 'bye', '5', '--market', 'BTC-USD'], 'expected buy or sell, got "bye"'],
    [['quote', 'buy', '0', '--market', 'BTC-USD'], 'a decimal above 0'],
    [['quote', 'buy', '1e5', '--market', 'BTC-USD'], 'a decimal above 0'],
    [['quote', 'buy', '-5', '--market', 'BTC-USD'], 'a decimal above 0'],
    [['quote', 'buy', '5', '--market', 'DOGE-USD'], 'only BTC-USD, ETH-USD'],
    [['quote', 'buy', '5'], '--market'],
    [[...BUY, '--exchanges', 'binance'], 'only coinbase, kraken, bitstamp, gemini'],
    [[...BUY, '-o', 'xml'], '--output: expected table or json, got "xml"'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args, { env: environment() })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })

  it('refuses an address that is none', async () => {
    const env = { ...environment(), DEPTHLINE_EXCHANGE_URL_KRAKEN: 'kraken:80' }
    const { code, stderr } = await runCli(BUY, { env })
    expect(code).toBe(2)
    expect(stderr).toContain('DEPTHLINE_EXCHANGE_URL_KRAKEN: expected scheme, host and port')
  })

  it('leaves at once when it is told to', async () => {
    await exchanges.setFault('coinbase', { kind: 'hang' })
    const { requests } = exchanges.server('coinbase')
    const cli = startCli(BUY, { env: environment() })
    while (exchanges.server('coinbase').requests === requests) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const startedAt = performance.now()
    expect(await cli.stop()).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })
})
