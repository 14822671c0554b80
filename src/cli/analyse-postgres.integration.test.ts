/** `depthline analyse` with a real PostgreSQL: rows equal records whatever is killed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { killLeftovers, type RunningCli, runCli, startCli } from '../testing/cli.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from '../testing/exchanges/simulated-exchanges.js'
import { CAN_KILL_POSTGRES } from '../testing/postgres.js'
import { usePostgres } from '../testing/postgres-database.js'
import { readAll, uniqueName } from '../testing/topics.js'
import type { ExchangeDepth, MarketAnalytics } from '../wire/exchange-records.js'

const database = usePostgres()
let exchanges: SimulatedExchanges
let folder: string
let urlFile: string

beforeAll(async () => {
  exchanges = await startSimulatedExchanges({ levels: 50 })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'depthline-analyse-'))
  urlFile = join(folder, 'url')
  writeFileSync(urlFile, `${database.url}\n`)
})
afterEach(async () => {
  await killLeftovers()
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => exchanges.stop())

const password = () => new URL(database.url).password
const environment = () => ({ DEPTHLINE_DATA: folder, DEPTHLINE_POSTGRES_URL_FILE: urlFile })

/** Topics of a test's own, and the processes on them. */
class Stage {
  readonly books = uniqueName('books')
  readonly depth = uniqueName('depth')
  readonly analytics = uniqueName('analytics')
  readonly started: RunningCli[] = []

  /** With a first round written, so that nobody else makes its topic at the same time. */
  async poll(): Promise<RunningCli> {
    const env = { DEPTHLINE_DATA: folder, ...exchanges.environment() }
    const cli = startCli(['poll', '--output', this.books, '--every', '2'], { env })
    await cli.logged('"msg":"polled"')
    return cli
  }

  analyse(): RunningCli {
    const flags = ['--input', this.books, '--depth', this.depth, '--analytics', this.analytics]
    const cli = startCli(['analyse', ...flags], { env: environment() })
    this.started.push(cli)
    return cli
  }

  /** What the topics hold, once each. */
  async records() {
    const read = async <T>(topic: string) =>
      (await readAll(topic)).map(({ value }) => JSON.parse(String(value)) as T)
    return {
      depth: await read<ExchangeDepth>(this.depth),
      analytics: await read<MarketAnalytics>(this.analytics),
    }
  }
}

/** Rows with their times as the records have them. */
async function rowsOf(table: string, order: string): Promise<Record<string, unknown>[]> {
  const rows = await database.query<Record<string, unknown>>(
    `SELECT * FROM depthline.${table} ORDER BY ${order}`,
  )
  return rows.map((row) => {
    const entries = Object.entries(row)
    return Object.fromEntries(entries.map(([k, v]) => [k, v instanceof Date ? v.getTime() : v]))
  })
}

/** In the order of the key. */
function sorted<T extends object>(rows: readonly T[], ...key: string[]): T[] {
  const textOf = (row: T) =>
    key.map((name) => String((row as Record<string, unknown>)[name]).padStart(20, ' ')).join(' ')
  return [...rows].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
}

async function expectRowsToEqual(records: {
  depth: ExchangeDepth[]
  analytics: MarketAnalytics[]
}) {
  const expected: Record<string, object[]> = {
    exchange_depth: records.depth.map(({ fills, depth, ...book }) => book),
    exchange_fill: records.depth.flatMap(({ poll_at, exchange, market, fills }) =>
      fills.map((fill) => ({ poll_at, exchange, market, ...fill })),
    ),
    exchange_depth_within: records.depth.flatMap(({ poll_at, exchange, market, depth }) =>
      depth.map((near) => ({ poll_at, exchange, market, ...near })),
    ),
    market_analytics: records.analytics.map(({ consolidated, depth, ...minute }) => minute),
    consolidated_fill: records.analytics.flatMap(({ poll_at, market, consolidated }) =>
      consolidated.map((fill) => ({ poll_at, market, ...fill })),
    ),
  }
  const key = ['poll_at', 'market', 'exchange', 'notional', 'side', 'bps']
  for (const [table, rows] of Object.entries(expected)) {
    const found = await rowsOf(table, 'poll_at')
    expect({ table, rows: sorted(found, ...key) }).toEqual({ table, rows: sorted(rows, ...key) })
  }
  const analytics = sorted(records.analytics, 'poll_at', 'market')
  expect(await rowsOf('market_minute_mid', 'poll_at, market')).toMatchObject(
    analytics.map(({ poll_at, market, average_mid_price }) => {
      return { poll_at, market, average_mid_price }
    }),
  )
  expect(await rowsOf('market_minute_best', 'poll_at, market')).toMatchObject(
    analytics.map(({ poll_at, market, buy_exchange, buy_price, sell_exchange, sell_price }) => {
      return { poll_at, market, buy_exchange, buy_price, sell_exchange, sell_price }
    }),
  )
}

describe('analyse with PostgreSQL', () => {
  it('leaves exactly the rows of its records when it is killed with -9 again and again', async () => {
    const stage = new Stage()
    const poll = await stage.poll()
    for (let kill = 0; kill < 4; kill++) {
      const analyse = stage.analyse()
      await analyse.logged('"msg":"analysed"')
      await sleep(700 + kill * 430)
      await analyse.stop('SIGKILL')
    }
    const last = stage.analyse()
    await last.logged('"msg":"analysed"')
    await poll.stop()
    await sleep(2_000)
    expect(await last.stop()).toMatchObject({ code: 0 })

    const records = await stage.records()
    const rounds = new Set(records.analytics.map(({ poll_at }) => poll_at))
    expect(rounds.size).toBeGreaterThanOrEqual(5)
    expect(records.analytics).toHaveLength(2 * rounds.size)
    expect(records.depth).toHaveLength(4 * rounds.size)
    await expectRowsToEqual(records)
    expect(stage.started.map(({ stderr }) => stderr).join()).not.toContain(password())
  }, 120_000)

  it.runIf(CAN_KILL_POSTGRES)(
    'waits for a PostgreSQL that was killed, publishes nothing before, and loses nothing',
    async () => {
      const stage = new Stage()
      const poll = await stage.poll()
      const analyse = stage.analyse()
      await analyse.logged('"msg":"analysed"')
      await database.server.kill()
      await analyse.logged('waiting for PostgreSQL')
      const { analytics: before } = await stage.records()
      await sleep(6_000)
      expect((await stage.records()).analytics).toEqual(before)
      await database.server.restart()
      await analyse.logged('written after all')
      await sleep(3_000)
      await poll.stop()
      await sleep(2_000)
      const { code, stderr } = await analyse.stop()
      expect(code).toBe(0)
      const records = await stage.records()
      expect(records.analytics.length).toBeGreaterThanOrEqual(before.length + 2 * 3)
      const rounds = (await readAll(stage.books)).filter(({ value }) =>
        String(value).includes('"round_complete"'),
      )
      expect(records.analytics).toHaveLength(2 * rounds.length)
      await expectRowsToEqual(records)
      expect(stderr).not.toContain(password())
    },
    120_000,
  )

  it.runIf(CAN_KILL_POSTGRES)(
    'can be stopped while it waits, and goes on there later',
    async () => {
      const stage = new Stage()
      const poll = await stage.poll()
      const analyse = stage.analyse()
      await analyse.logged('"msg":"analysed"')
      await database.server.kill()
      await analyse.logged('waiting for PostgreSQL')
      const start = Date.now()
      expect(await analyse.stop('SIGTERM')).toMatchObject({ code: 0 })
      expect(Date.now() - start).toBeLessThan(9_000)
      await poll.stop()
      await database.server.restart()
      const next = stage.analyse()
      await next.logged('"msg":"analysed"')
      await sleep(2_000)
      await next.stop()
      await expectRowsToEqual(await stage.records())
    },
    120_000,
  )
})

describe('history made anew', () => {
  it('replaces the rows, with other notionals and fees, and leaves them alone with --out', async () => {
    const stage = new Stage()
    const poll = await stage.poll()
    const analyse = stage.analyse()
    await analyse.logged('"msg":"analysed"')
    await poll.stop()
    await sleep(1_500)
    await analyse.stop()
    const before = await database.everything()
    const flags = ['analyse', '--from-lake', '--notionals', '25000', '--fees', 'kraken=25']

    const aside = await runCli([...flags, '--out', join(folder, 'aside')], { env: environment() })
    expect(aside).toMatchObject({ code: 0 })
    expect(await database.everything()).toEqual(before)

    expect(await runCli(flags, { env: environment() })).toMatchObject({ code: 0 })
    const notionals = await database.query('SELECT DISTINCT notional FROM depthline.exchange_fill')
    expect(notionals).toEqual([{ notional: '25000' }])
    const net = await database.query(
      'SELECT DISTINCT net_buy_exchange AS name FROM depthline.market_analytics',
    )
    expect(net).toEqual([{ name: 'kraken' }])
    const after = await database.everything()
    expect(after.exchange_depth).toHaveLength(before.exchange_depth!.length)

    const back = await runCli(['analyse', '--from-lake'], { env: environment() })
    expect(back).toMatchObject({ code: 0 })
    expect(await database.everything()).toEqual(before)
  }, 60_000)
})
