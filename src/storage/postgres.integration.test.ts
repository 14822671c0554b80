/** Rounds in a real PostgreSQL: exact values, upserts, views, and who may write. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FIRST_ROUND, HUGE, lakeRound, lakeRounds } from '../testing/lake-rounds.js'
import { usePostgres } from '../testing/postgres-database.js'
import { openPostgres, type Postgres } from './postgres.js'

const database = usePostgres()
let sink: Postgres
beforeEach(async () => {
  sink = await openPostgres(database.url, { info: () => {}, warn: () => {} })
})
afterEach(() => sink?.close())

describe('a round in PostgreSQL', () => {
  it('keeps every digit of prices of 18 digits and totals of 40', async () => {
    const round = lakeRound(FIRST_ROUND)
    const price = '123456789012345678.123456789012345678'
    const [book, ...others] = round.depth
    const depth = [{ ...book!, best_bid: price, mid_price: `0.${'0'.repeat(35)}1` }, ...others]
    await sink.write({ ...round, depth })

    const [row] = await database.query(
      `SELECT best_bid, mid_price, bids, flags, poll_at, responded_at, book_at
       FROM depthline.exchange_depth WHERE exchange = $1 AND market = $2`,
      [book!.exchange, book!.market],
    )
    expect(row).toEqual({
      best_bid: price,
      mid_price: `0.${'0'.repeat(35)}1`,
      bids: book!.bids,
      flags: ['same_body'],
      poll_at: new Date(FIRST_ROUND),
      responded_at: new Date(FIRST_ROUND + 345),
      book_at: null,
    })
    const within = await database.query('SELECT DISTINCT bids FROM depthline.exchange_depth_within')
    expect(within).toEqual([{ bids: HUGE }])
    const levels = await database.query(
      `SELECT level.cum_sum + 1 AS sum FROM depthline.exchange_depth,
         jsonb_to_recordset(bids) AS level (cum_sum numeric) ORDER BY 1 DESC LIMIT 1`,
    )
    expect(levels).toEqual([{ sum: HUGE.replace('890.', '891.') }])
  })

  it('holds all that the records say, with the books’ depth once', async () => {
    const { depth, analytics, ...round } = lakeRound(FIRST_ROUND)
    await sink.write({ ...round, depth, analytics })
    const fills = await database.query<Record<string, unknown>>(
      'SELECT * FROM depthline.exchange_fill',
    )
    expect(fills).toHaveLength(depth.flatMap((book) => book.fills).length)
    for (const { exchange, market, poll_at, ...fill } of fills) {
      const book = depth.find((at) => at.exchange === exchange && at.market === market)
      expect(poll_at).toEqual(new Date(book!.poll_at))
      expect(book!.fills).toContainEqual(fill)
    }
    const [minute] = await database.query(
      'SELECT * FROM depthline.market_analytics ORDER BY market',
    )
    const { consolidated, depth: _, ...flat } = analytics[0]!
    expect(minute).toEqual({ ...flat, poll_at: new Date(FIRST_ROUND) })
    const merged = await database.query(
      'SELECT * FROM depthline.consolidated_fill WHERE market = $1',
      [flat.market],
    )
    const key = { poll_at: new Date(FIRST_ROUND), market: flat.market }
    expect(merged).toEqual(consolidated.map((fill) => ({ ...key, ...fill })))
  })

  it('leaves the same rows when it comes again, also in another order', async () => {
    const rounds = lakeRounds(3)
    for (const round of rounds) await sink.write(round)
    const once = await database.everything()
    for (const round of [...rounds].reverse()) await sink.write(round)
    expect(await database.everything()).toEqual(once)
    expect(once.exchange_fill).toHaveLength(3 * 4 * 4)
  })

  it('is replaced whole where it was analysed with other notionals, and other rounds stay', async () => {
    const [first, second] = lakeRounds(2)
    await sink.write(first!)
    await sink.write(second!)
    const depth = first!.depth.slice(0, 3).map((book) => ({
      ...book,
      fills: book.fills.slice(0, 1).map((fill) => ({ ...fill, notional: '25000' })),
    }))
    const analytics = first!.analytics.map((minute) => ({ ...minute, notional: '25000' }))
    await sink.write({ ...first!, depth, analytics })
    const count = (table: string) =>
      database.query(
        `SELECT count(*)::int AS rows FROM depthline.${table} GROUP BY poll_at ORDER BY poll_at`,
      )
    expect(await count('exchange_depth')).toEqual([{ rows: 3 }, { rows: 4 }])
    expect(await count('exchange_fill')).toEqual([{ rows: 3 }, { rows: 16 }])
    expect(
      await database.query(
        'SELECT DISTINCT notional FROM depthline.exchange_fill ORDER BY notional',
      ),
    ).toEqual([{ notional: '25000' }, { notional: '50000' }, { notional: '100000' }])
  })

  it('takes any text, with a mark where PostgreSQL has no such character', async () => {
    const round = lakeRound(FIRST_ROUND)
    const detail = 'a\0b\n"\\\'😀 \ud800'
    await sink.write({ ...round, depth: [{ ...round.depth[0]!, detail }] })
    const rows = await database.query('SELECT detail FROM depthline.exchange_depth')
    expect(rows).toEqual([{ detail: 'a\ufffdb\n"\\\'😀 \ufffd' }])
  })

  it('may have no records at all', async () => {
    await sink.write({ pollAt: FIRST_ROUND, depth: [], analytics: [] })
    expect(Object.values(await database.everything()).flat()).toEqual([])
  })

  it('is refused with BAD_RECORD, and leaves nothing, where a value is none', async () => {
    const round = lakeRound(FIRST_ROUND)
    const analytics = [{ ...round.analytics[0]!, average_mid_price: 'much' }]
    await expect(sink.write({ ...round, analytics })).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: expect.stringContaining('invalid input syntax for type numeric: "much"'),
    })
    expect(Object.values(await database.everything()).flat()).toEqual([])
  })
})

describe('the views', () => {
  it('answer the two questions with what the records say', async () => {
    const rounds = lakeRounds(2)
    for (const round of rounds) await sink.write(round)
    const analytics = rounds.flatMap((round) => round.analytics)
    const order = 'ORDER BY poll_at, market'
    expect(await database.query(`SELECT * FROM depthline.market_minute_mid ${order}`)).toEqual(
      analytics.map(({ poll_at, market, average_mid_price, mid_exchanges }) => ({
        ...{ poll_at: new Date(poll_at), market, average_mid_price },
        ...{ exchanges: mid_exchanges.length, mid_exchanges },
      })),
    )
    expect(await database.query(`SELECT * FROM depthline.market_minute_best ${order}`)).toEqual(
      analytics.map((minute) => ({
        ...{ poll_at: new Date(minute.poll_at), market: minute.market, notional: minute.notional },
        ...{ buy_exchange: minute.buy_exchange, buy_price: minute.buy_price },
        ...{ buy_advantage_bps: minute.buy_advantage_bps, sell_exchange: minute.sell_exchange },
        ...{ sell_price: minute.sell_price, sell_advantage_bps: minute.sell_advantage_bps },
      })),
    )
  })
})

describe('of two processes of one job', () => {
  const first = { job: 'market-analytics', lineage: 'a', sequence: 7 }
  const second = { ...first, sequence: 9 }

  it('the one that was taken over writes nothing any more, whatever it holds', async () => {
    const round = lakeRound(FIRST_ROUND)
    await sink.write(round, first)
    await sink.write(round, second)
    const before = await database.everything()
    const other = { ...round, depth: [] }
    await expect(sink.write(other, first)).rejects.toMatchObject({ code: 'FENCED', exitCode: 6 })
    expect(await database.everything()).toEqual(before)
    await sink.write(round, second)
  })

  it('does not stand in the way of other jobs, of one begun anew, or of history made anew', async () => {
    const round = lakeRound(FIRST_ROUND)
    await sink.write(round, second)
    await sink.write(round, { ...first, job: 'other' })
    await sink.write(round)
    await sink.write(round, { ...first, lineage: 'b', sequence: 1 })
    await expect(sink.write(round, { ...first, lineage: 'b', sequence: 0 })).rejects.toMatchObject({
      code: 'FENCED',
    })
  })
})
