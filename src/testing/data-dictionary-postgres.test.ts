/** The SQL for PostgreSQL in docs/DATA.md answers its questions. */
import { beforeEach, describe, expect, it } from 'vitest'
import { POSTGRES_QUESTIONS } from '../../scripts/data-questions.js'
import { openPostgres } from '../storage/postgres.js'
import { HUGE, lakeRounds } from './lake-rounds.js'
import { usePostgres } from './postgres-database.js'

const database = usePostgres()
const rounds = lakeRounds(2, Date.parse('2026-11-20T23:58:00Z'))
const other = lakeRounds(1, Date.parse('2026-11-21T00:00:00Z'))
const analytics = rounds.flatMap((round) => round.analytics)
const depth = rounds.flatMap((round) => round.depth)

beforeEach(async () => {
  const sink = await openPostgres(database.url, { info: () => {}, warn: () => {} })
  for (const round of [...other, ...rounds]) await sink.write(round)
  await sink.close()
})

async function answer(part: string): Promise<Record<string, unknown>[]> {
  const found = POSTGRES_QUESTIONS.filter(({ question }) => question.includes(part))
  expect(found).toHaveLength(1)
  return database.query<Record<string, unknown>>(found[0]!.sql)
}

describe('the SQL for PostgreSQL', () => {
  it('gives the average mid price of each market and minute', async () => {
    expect(await answer('Average mid price')).toEqual(
      analytics.map(({ poll_at, market, average_mid_price, mid_exchanges }) => ({
        ...{ poll_at: new Date(poll_at), market, average_mid_price },
        ...{ exchanges: 2, mid_exchanges },
      })),
    )
  })

  it('names the best exchange for a buy and a sell of each market and minute', async () => {
    expect(await answer('Best place')).toEqual(
      analytics.map((minute) => ({
        ...{ poll_at: new Date(minute.poll_at), market: minute.market, notional: '50000' },
        ...{ buy_exchange: minute.buy_exchange, buy_price: minute.buy_price },
        ...{ sell_exchange: minute.sell_exchange, sell_price: minute.sell_price },
      })),
    )
  })

  it('gives the price of $100,000 on each exchange', async () => {
    const rows = await answer('What $100,000 costs')
    expect(rows).toHaveLength(2 * depth.length)
    const { price, slippage_bps, complete } = depth[0]!.fills[2]!
    expect(rows[0]).toMatchObject({ exchange: 'coinbase', side: 'buy', price })
    expect(rows[0]).toMatchObject({ slippage_bps, complete })
  })

  it('gives the levels behind it, in their order', async () => {
    const rows = await answer('levels')
    expect(rows).toHaveLength(depth.length)
    expect(rows[0]).toMatchObject({ ...depth[0]!.asks[0], rank: '1' })
    expect(depth[0]!.bids[1]!.cum_sum).toBe(HUGE)
  })
})
