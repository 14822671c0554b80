/** The BI team's questions, each with the SQL that answers it from the lake or from PostgreSQL; src/testing/data-dictionary*.test.ts run them. */

export interface Question {
  readonly question: string
  readonly note: string
  readonly sql: string
}

const table = (name: string) => `read_parquet('data/lake/${name}/date=*/hour=*/*.parquet')`

export const QUESTIONS: readonly Question[] = [
  {
    question: 'What is the average mid price of each market, minute by minute?',
    note: 'One row a minute and market, with the exchanges that it is the mean of.',
    sql: `SELECT poll_at, market, average_mid_price, mid_exchanges
FROM ${table('market_analytics')}
WHERE date = '2026-11-20'
ORDER BY poll_at, market;`,
  },
  {
    question: 'Where is the best place to buy or sell for $50,000, and at what price?',
    note: 'The price is the average over all levels that such an order takes; `net_…` columns say the same after taker fees.',
    sql: `SELECT poll_at, market, notional,
       buy_exchange, buy_price, buy_advantage_bps,
       sell_exchange, sell_price, sell_advantage_bps
FROM ${table('market_analytics')}
WHERE date = '2026-11-20'
ORDER BY poll_at, market;`,
  },
  {
    question: 'What would $100,000 cost on each exchange?',
    note: 'No price where the book is too thin (`complete` is false); no row where it was not usable (see which polls are missing).',
    sql: `SELECT poll_at, market, fill.side, exchange, fill.price, fill.slippage_bps, fill.complete
FROM (
  SELECT poll_at, market, exchange, unnest(fills) AS fill
  FROM ${table('exchange_depth')}
  WHERE date = '2026-11-20'
)
WHERE fill.notional = 100000
ORDER BY poll_at, market, fill.side, exchange;`,
  },
  {
    question: 'Which levels make up the $100,000?',
    note: 'The last level is cut to the part that is used, so the last `cum_sum` is the notional, or all that a thin book holds. `bids` give the other side.',
    sql: `SELECT poll_at, market, exchange, rank, level.price, level.amount, level.total, level.cum_sum
FROM (
  SELECT poll_at, market, exchange, unnest(asks) AS level, generate_subscripts(asks, 1) AS rank
  FROM ${table('exchange_depth')}
  WHERE date = '2026-11-20'
)
ORDER BY poll_at, market, exchange, rank;`,
  },
  {
    question: 'Which exchange is the more liquid one?',
    note: 'Money within 10, 50 and 100 basis points of the mid price, in quote units: the median over the day, both sides together, beside the median spread.',
    sql: `SELECT market, within.bps, exchange,
       median(within.bids + within.asks) AS money, median(spread) AS spread, count(*) AS polls
FROM (
  SELECT market, exchange, spread, unnest(depth) AS within
  FROM ${table('exchange_depth')}
  WHERE date = '2026-11-20'
)
GROUP BY ALL
ORDER BY market, within.bps, money DESC;`,
  },
  {
    question: 'Which polls are missing, and why?',
    note: 'Every exchange, market and minute whose book took no part in any price.',
    sql: `SELECT poll_at, exchange, market, reason, detail
FROM ${table('exchange_depth')}
WHERE date = '2026-11-20' AND NOT usable
ORDER BY poll_at, exchange, market;`,
  },
  {
    question: 'Is there a minute without a record?',
    note: 'No row comes where all is well: also minutes in which nobody polled have their record, as soon as the poller is back.',
    sql: `WITH polled AS (
  SELECT market, poll_at
  FROM ${table('market_analytics')}
  WHERE date = '2026-11-20'
), expected AS (
  SELECT market, unnest(generate_series(min(poll_at), max(poll_at), INTERVAL 1 MINUTE)) AS poll_at
  FROM polled
  GROUP BY market
)
FROM expected ANTI JOIN polled USING (market, poll_at)
ORDER BY market, poll_at;`,
  },
]

/** The same for PostgreSQL, where views answer the first two. */
export const POSTGRES_QUESTIONS: readonly Question[] = [
  {
    question: 'Average mid price of each market, minute by minute',
    note: '`exchanges` says how many it is the mean of, `mid_exchanges` which.',
    sql: `SELECT poll_at, market, average_mid_price, exchanges, mid_exchanges
FROM depthline.market_minute_mid
WHERE poll_at >= '2026-11-20T00:00Z' AND poll_at < '2026-11-21T00:00Z'
ORDER BY poll_at, market;`,
  },
  {
    question: 'Best place to buy and to sell for $50,000, and its price',
    note: 'For the smallest of `--notionals`, which `notional` names.',
    sql: `SELECT poll_at, market, notional, buy_exchange, buy_price, sell_exchange, sell_price
FROM depthline.market_minute_best
WHERE poll_at >= '2026-11-20T00:00Z' AND poll_at < '2026-11-21T00:00Z'
ORDER BY poll_at, market;`,
  },
  {
    question: 'What $100,000 costs on each exchange',
    note: 'Fills are rows, so no list has to be taken apart.',
    sql: `SELECT poll_at, market, side, exchange, price, slippage_bps, complete
FROM depthline.exchange_fill
WHERE notional = 100000 AND poll_at >= '2026-11-20T00:00Z' AND poll_at < '2026-11-21T00:00Z'
ORDER BY poll_at, market, side, exchange;`,
  },
  {
    question: 'The levels that make up the $100,000',
    note: 'Lists stay lists where they are read as a whole; this takes one apart.',
    sql: `SELECT poll_at, market, exchange, rank, price, amount, total, cum_sum
FROM depthline.exchange_depth,
     ROWS FROM (jsonb_to_recordset(asks) AS (price numeric, amount numeric, total numeric, cum_sum numeric))
       WITH ORDINALITY AS level (price, amount, total, cum_sum, rank)
WHERE poll_at >= '2026-11-20T00:00Z' AND poll_at < '2026-11-21T00:00Z'
ORDER BY poll_at, market, exchange, rank;`,
  },
]
