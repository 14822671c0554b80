import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FIRST_ROUND, HUGE, lakeRound, lakeRounds, treeOf } from '../testing/lake-rounds.js'
import { Duck } from './duck.js'
import { type LakeRound, openLake } from './lake.js'
import { type RawRound, readRounds } from './lake-reader.js'

const root = mkdtempSync(join(tmpdir(), 'depthline-lake-'))
afterAll(() => rmSync(root, { recursive: true }))
let folders = 0

async function written(rounds: readonly LakeRound[], folder = join(root, `${folders++}`)) {
  const lake = await openLake(folder, { keptMs: 0 })
  for (const round of rounds) await lake.write(round)
  await lake.close()
  return folder
}

async function allRounds(folder: string): Promise<RawRound[]> {
  const rounds: RawRound[] = []
  for await (const round of readRounds(folder)) rounds.push(round)
  return rounds
}

async function query(sql: string) {
  const duck = await Duck.open()
  try {
    return await duck.rows(sql)
  } finally {
    duck.close()
  }
}

describe('the raw table', () => {
  test('gives every record back as it was and in the order of the log, compacted or not', async () => {
    const rounds = lakeRounds(130)
    const folder = await written(rounds)
    const expected = rounds.map(({ pollAt, polls }) => ({ pollAt, polls }))
    expect(await allRounds(folder)).toEqual(expected)
    // Three minutes of the first hour, an hour, an hour, and seven minutes.
    expect(filesOf(folder)).toEqual([1, 1, 60, 7])
  })

  test('is read while rounds are written and hours compacted', async () => {
    const lake = await openLake(join(root, 'both'), { keptMs: 0 })
    const rounds = lakeRounds(130)
    for (const round of rounds.slice(0, 40)) await lake.write(round)
    const seen: number[] = []
    for await (const { pollAt } of readRounds(join(root, 'both'))) {
      seen.push(pollAt)
      // The hour that is being read is compacted, and its files of rounds go.
      if (seen.length === 10) for (const round of rounds.slice(40)) await lake.write(round)
    }
    await lake.close()
    expect(seen.length).toBeGreaterThanOrEqual(63)
    expect(seen).toEqual(rounds.slice(0, seen.length).map(({ pollAt }) => pollAt))
  })

  test('names file, exchange, market and minute of a body that is not what its hash says', async () => {
    const round = lakeRound(FIRST_ROUND)
    const polls = round.polls.map((poll) =>
      poll.exchange === 'kraken' ? { ...poll, sha256: '0'.repeat(64) } : poll,
    )
    const folder = await written([{ ...round, polls }])
    await expect(allRounds(folder)).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: expect.stringMatching(
        /hour=22\/225700\.parquet: the body of kraken BTC-USD at 2026-11-20T22:57:00\.000Z/,
      ),
    })
  })

  test('keeps any byte and any text', async () => {
    const round = lakeRound(FIRST_ROUND)
    const body = Uint8Array.from({ length: 256 }, (_, n) => n)
    const { createHash } = await import('node:crypto')
    const sha256 = createHash('sha256').update(body).digest('hex')
    const detail = 'a\u0000b\n"\\\'😀'
    const polls = [{ ...round.polls[0]!, body, sha256, detail }]
    const folder = await written([{ ...round, polls }])
    expect((await allRounds(folder))[0]!.polls).toEqual(polls)
  })

  test('is nothing where there is no lake', async () => {
    expect(await allRounds(join(root, 'nowhere'))).toEqual([])
  })
})

describe('the files of the lake', () => {
  test('are the same bytes in one go, with repetitions, backwards, and in other processes', async () => {
    const rounds = Array.from({ length: 40 }, (_, n) => lakeRound(FIRST_ROUND + n * 400_000))
    const inOneGo = treeOf(await written(rounds))
    const repeated = await written(rounds.slice(0, 30))
    await written(rounds.slice(20), repeated)
    await written(rounds.slice(4, 10), repeated)
    const backwards = await written([...rounds].reverse())

    expect(treeOf(repeated)).toEqual(inOneGo)
    expect(treeOf(backwards)).toEqual(inOneGo)
    expect(Object.keys(inOneGo).filter((path) => path.includes('partial'))).toEqual([])
  }, 60_000)

  test('take a round with other rows in the place of the one before, in a compacted hour too', async () => {
    const rounds = lakeRounds(130)
    const other = { ...lakeRound(FIRST_ROUND + 999_000), pollAt: rounds[30]!.pollAt }
    const changed: LakeRound = {
      pollAt: other.pollAt,
      polls: other.polls,
      depth: other.depth.map((record) => ({ ...record, poll_at: other.pollAt })),
      analytics: other.analytics.map((record) => ({ ...record, poll_at: other.pollAt })),
    }
    const straight = await written(rounds.map((round, n) => (n === 30 ? changed : round)))
    const corrected = await written([...rounds, changed])
    expect(treeOf(corrected)).toEqual(treeOf(straight))
  }, 60_000)

  test('hold depth and analytics alone where no raw record is given', async () => {
    const folder = await written(lakeRounds(3).map((round) => ({ ...round, polls: [] })))
    expect(readdirSync(folder).sort()).toEqual(['.files', 'exchange_depth', 'market_analytics'])
  })

  test('may be written seconds apart', async () => {
    const rounds = Array.from({ length: 20 }, (_, n) => lakeRound(FIRST_ROUND + n * 3000))
    const folder = await written(rounds)
    expect(await allRounds(folder)).toHaveLength(20)
  })
})

describe('a column', () => {
  test('is exact: what fits is a DECIMAL, what does not is NULL with its text beside it', async () => {
    const folder = await written([lakeRound(FIRST_ROUND)])
    const [row] = await query(
      `SELECT bids[1].total::VARCHAR AS total, bids[2].cum_sum AS none, bids[2].cum_sum_text AS whole,
         bids[1].cum_sum_text AS text, depth[1].bids_text AS deep, typeof(bids) AS type,
         fills[1].price::VARCHAR AS price, fills[1].slippage_bps::VARCHAR AS slippage
       FROM read_parquet('${folder}/exchange_depth/*/*/*.parquet') LIMIT 1`,
    )
    expect(row).toEqual({
      total: '221760.479788000000000000',
      none: null,
      whole: HUGE,
      text: '221760.479788',
      deep: HUGE,
      type: 'STRUCT(price DECIMAL(38,18), amount DECIMAL(38,18), total DECIMAL(38,18), total_text VARCHAR, cum_sum DECIMAL(38,18), cum_sum_text VARCHAR)[]',
      price: '34045.245712340000000000',
      slippage: '-0.000200000000000000',
    })
  })

  test('holds every decimal to its last digit, at the edges of DECIMAL(38,18) too', async () => {
    const decimals = [
      '99999999999999999999.999999999999999999',
      '0.000000000000000001',
      '-12345678901234567890.123456789012345678',
      '0.1',
      '9007199254740993',
    ]
    const round = lakeRound(FIRST_ROUND)
    const depth = decimals.map((mid_price) => ({ ...round.depth[0]!, mid_price }))
    const folder = await written([{ ...round, depth }])
    const rows = await query(
      `SELECT mid_price::VARCHAR AS a, mid_price_text AS b FROM read_parquet('${folder}/exchange_depth/*/*/*.parquet')`,
    )
    expect(rows.map(({ b }) => b)).toEqual(decimals)
    const shortest = rows.map(({ a }) => String(a).replace(/\.?0+$/, ''))
    expect(shortest).toEqual(decimals)
  })

  test.each(['100000000000000000000', '0.0000000000000000001', '1e3', '', 'NaN'])(
    'refuses %j, which it cannot hold and has no text for',
    async (best_bid) => {
      const round = lakeRound(FIRST_ROUND)
      const lake = await openLake(join(root, 'refused'))
      const depth = [{ ...round.depth[0]!, best_bid }]
      await expect(lake.write({ ...round, depth })).rejects.toMatchObject({
        code: 'BAD_RECORD',
        message: expect.stringContaining('field best_bid'),
      })
      await lake.close()
    },
  )

  test('shows UTC whatever the zone of the session', async () => {
    const folder = await written([lakeRound(FIRST_ROUND)])
    const duck = await Duck.open()
    await duck.rows(`SET TimeZone = 'America/New_York'`)
    const [row] = await duck.rows(
      `SELECT poll_at::VARCHAR AS at, typeof(poll_at) AS type, date::VARCHAR AS date, hour
       FROM read_parquet('${folder}/exchange_depth/*/*/*.parquet', hive_partitioning = true) LIMIT 1`,
    )
    duck.close()
    expect(row).toEqual({
      at: '2026-11-20 22:57:00',
      type: 'TIMESTAMP',
      date: '2026-11-20',
      hour: 22n,
    })
  })

  test('is there for every field of the schemas', async () => {
    const folder = await written([lakeRound(FIRST_ROUND)])
    for (const [table, file] of [
      ['exchange_polls', 'exchange-poll'],
      ['exchange_depth', 'exchange-depth'],
      ['market_analytics', 'market-analytics'],
    ]) {
      const text = readFileSync(new URL(`../../schemas/${file}.avsc`, import.meta.url), 'utf8')
      const fields: { name: string }[] = JSON.parse(text).fields
      const described = await query(
        `DESCRIBE FROM read_parquet('${folder}/${table}/*/*/*.parquet')`,
      )
      const names = described.map(({ column_name }) => column_name)
      expect(names).toEqual(expect.arrayContaining(fields.map(({ name }) => name)))
    }
  })
})

test('a folder that cannot be written is an error that names it', async () => {
  const lake = await openLake('/proc/lake')
  await expect(lake.write(lakeRound(FIRST_ROUND))).rejects.toMatchObject({
    code: 'FILE_FAILED',
    message: expect.stringContaining('/proc/lake'),
  })
  await lake.close()
})

/** How many files each hour of the raw table has. */
function filesOf(folder: string): number[] {
  const table = join(folder, 'exchange_polls')
  return readdirSync(table)
    .sort()
    .flatMap((date) =>
      readdirSync(join(table, date))
        .sort()
        .map((hour) => readdirSync(join(table, date, hour)).length),
    )
}
