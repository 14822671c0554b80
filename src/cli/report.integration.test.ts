/** `depthline report` over a lake: each question in each format, ranges, and what is not there. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openLake } from '../storage/lake.js'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { FIRST_ROUND, HUGE, lakeRound } from '../testing/lake-rounds.js'

const data = mkdtempSync(join(tmpdir(), 'depthline-report-'))
const SINCE = ['--since', String(FIRST_ROUND / 1000)]

beforeAll(async () => {
  const lake = await openLake(join(data, 'lake'))
  for (let n = 0; n < 200; n++)
    await lake.write({ ...lakeRound(FIRST_ROUND + n * 60_000), polls: [] })
  const last = lakeRound(FIRST_ROUND + 200 * 60_000)
  const [first, ...others] = last.depth
  const none = { reason: 'stale' as const, detail: 'the book is 45 s older than the answer' }
  const thin = { ...first!, usable: false, ...none, mid_price: null, fills: [], depth: [] }
  await lake.write({ ...last, polls: [], depth: [thin, ...others] })
  await lake.close()
})
afterEach(killLeftovers)
afterAll(() => rmSync(data, { recursive: true }))

function report(...args: string[]) {
  return runCli(['report', ...args], { env: { DEPTHLINE_DATA: data } })
}

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await report(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe('report', () => {
  it('mid gives the average of each minute and market, and of which exchanges', async () => {
    const csv = (await printed('mid', ...SINCE, '-o', 'csv')).trimEnd().split('\n')
    expect(csv[0]).toBe('poll_at,market,average_mid_price,exchanges,mid_exchanges')
    expect(csv[1]).toBe('2026-11-20T22:57:00Z,BTC-USD,34045.245,2,coinbase kraken')
    expect(csv[2]).toBe('2026-11-20T22:57:00Z,ETH-USD,34045.245,2,coinbase kraken')
    expect(csv).toHaveLength(1 + 201 * 2)
    const json = JSON.parse(await printed('mid', ...SINCE, '--market', 'ETH-USD', '-o', 'json'))
    expect(json).toHaveLength(201)
    expect(json[0]).toEqual({
      poll_at: '2026-11-20T22:57:00Z',
      market: 'ETH-USD',
      average_mid_price: '34045.245',
      exchanges: 2,
      mid_exchanges: ['coinbase', 'kraken'],
    })
  })

  it('best names the exchange to buy on and the one to sell on, each with its price', async () => {
    const json = JSON.parse(await printed('best', ...SINCE, '-o', 'json'))
    const { buy_price } = lakeRound(FIRST_ROUND).analytics[0]!
    expect(json[0]).toEqual({
      poll_at: '2026-11-20T22:57:00Z',
      market: 'BTC-USD',
      notional: '50000',
      buy_exchange: 'kraken',
      buy_price,
      buy_advantage_bps: '0.5',
      sell_exchange: 'coinbase',
      sell_price: buy_price,
      sell_advantage_bps: null,
    })
  })

  it('depth shows each book with every digit, and why one was not used', async () => {
    const json = JSON.parse(await printed('depth', ...SINCE, '-o', 'json'))
    expect(json).toHaveLength(201 * 4)
    expect(json[0]).toMatchObject({
      exchange: 'coinbase',
      mid_price: '34045.245',
      buy_price_100000: '34045.24571234',
      buy_slippage_bps_100000: '-0.0002',
      sell_price_100000: null,
      bids_10_bps: HUGE,
      asks_100_bps: '100.5',
      reason: null,
    })
    expect(json.at(-4)).toMatchObject({
      exchange: 'coinbase',
      mid_price: null,
      buy_price_100000: null,
      reason: 'stale',
      detail: 'the book is 45 s older than the answer',
    })
  })

  it('prints tables that fit, in the order of time', async () => {
    for (const question of ['mid', 'best', 'depth']) {
      const lines = (await printed(question, ...SINCE)).trimEnd().split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120)
      expect(lines[1]).toMatch(/^2026-11-20T22:57:00Z {2}BTC-USD/)
    }
  })

  it('begins where it is told, by a point in time or by how long ago', async () => {
    const at = (n: number) => new Date(FIRST_ROUND + n * 60_000).toISOString()
    const from = async (since: string) => {
      const rows = await printed('mid', '--since', since, '--market', 'BTC-USD', '-o', 'csv')
      return rows.trimEnd().split('\n').length - 1
    }
    expect(await from(at(199))).toBe(2)
    expect(await from(`${(FIRST_ROUND + 200 * 60_000) / 1000}`)).toBe(1)
    const minutes = Math.floor((Date.now() - FIRST_ROUND) / 60_000)
    expect(await from(`${minutes + 500}m`)).toBe(201)
  })

  it('prints an empty table, a header or an empty array where nothing is in the range', async () => {
    const ago = ['--since', '2100-01-01T00:00:00Z']
    for (const [format, expected] of [
      ['csv', 'poll_at,market,average_mid_price,exchanges,mid_exchanges\n'],
      ['json', '[]\n'],
    ]) {
      const { code, stdout, stderr } = await report('mid', ...ago, '-o', format!)
      expect({ code, stdout }).toEqual({ code: 0, stdout: expected })
      expect(stderr).toContain('the lake holds nothing since 2100-01-01T00:00:00.000Z')
    }
    const { stdout } = await report('depth', ...ago)
    expect(stdout).toMatch(
      /^poll_at +market +exchange +best_bid +best_ask +mid_price +spread +reason +detail\n$/,
    )
  })

  it('ends with 2 where there is no lake, or a flag is wrong', async () => {
    const none = await runCli(['report', 'mid'], { env: { DEPTHLINE_DATA: join(data, 'none') } })
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('depthline analyse writes it')
    for (const args of [
      ['mid', '--since', '1y'],
      ['mid', '-o', 'xml'],
      ['spread'],
      ['mid', '--market', "'; DROP"],
    ]) {
      const { code, stdout } = await report(...args)
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
    }
  })

  it('is empty where a lake has no round yet', async () => {
    const fresh = join(data, 'fresh')
    mkdirSync(join(fresh, 'lake', 'exchange_depth'), { recursive: true })
    const { code, stdout } = await runCli(['report', 'depth', '-o', 'json'], {
      env: { DEPTHLINE_DATA: fresh },
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' })
  })

  it('ends quietly where nobody reads its output any more', async () => {
    const cli = startCli(['report', 'depth', ...SINCE], { env: { DEPTHLINE_DATA: data } })
    cli.child.stdout!.once('data', () => cli.child.stdout!.destroy())
    expect(await cli.result).toMatchObject({ code: 0, stderr: '' })
  })
})
