-- The tables and views of `depthline analyse` in PostgreSQL, version 1; what is there already stays as it is.
-- depthline itself makes the schema and takes the comments of the columns from the .avsc files.
-- A change of a table needs a new version: see src/storage/postgres-layout.ts.

CREATE TABLE IF NOT EXISTS depthline.schema_version (
  version integer NOT NULL
);
COMMENT ON TABLE depthline.schema_version IS 'One row: which layout these tables have.';

CREATE TABLE IF NOT EXISTS depthline.writer (
  job text PRIMARY KEY,
  lineage text NOT NULL,
  sequence bigint NOT NULL
);
COMMENT ON TABLE depthline.writer IS
  'For each job the newest process that has written: an older one, taken over in Kafka, is refused.';

CREATE TABLE IF NOT EXISTS depthline.exchange_depth (
  poll_at timestamptz NOT NULL,
  exchange text NOT NULL,
  market text NOT NULL,
  usable boolean NOT NULL,
  reason text,
  detail text,
  flags text[] NOT NULL,
  requested_at timestamptz,
  responded_at timestamptz,
  book_at timestamptz,
  status integer,
  sha256 text,
  best_bid numeric,
  best_ask numeric,
  mid_price numeric,
  spread numeric,
  extract_notional numeric NOT NULL,
  bids jsonb NOT NULL,
  asks jsonb NOT NULL,
  PRIMARY KEY (poll_at, market, exchange)
);

CREATE TABLE IF NOT EXISTS depthline.exchange_fill (
  poll_at timestamptz NOT NULL,
  exchange text NOT NULL,
  market text NOT NULL,
  notional numeric NOT NULL,
  side text NOT NULL,
  complete boolean NOT NULL,
  price numeric,
  base_amount numeric NOT NULL,
  filled_notional numeric NOT NULL,
  worst_price numeric,
  levels integer NOT NULL,
  slippage_bps numeric,
  PRIMARY KEY (poll_at, market, exchange, notional, side),
  FOREIGN KEY (poll_at, market, exchange) REFERENCES depthline.exchange_depth ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS depthline.exchange_depth_within (
  poll_at timestamptz NOT NULL,
  exchange text NOT NULL,
  market text NOT NULL,
  bps integer NOT NULL,
  bids numeric NOT NULL,
  asks numeric NOT NULL,
  PRIMARY KEY (poll_at, market, exchange, bps),
  FOREIGN KEY (poll_at, market, exchange) REFERENCES depthline.exchange_depth ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS depthline.market_analytics (
  poll_at timestamptz NOT NULL,
  market text NOT NULL,
  average_mid_price numeric,
  mid_exchanges text[] NOT NULL,
  notional numeric NOT NULL,
  buy_exchange text,
  buy_price numeric,
  buy_advantage_bps numeric,
  sell_exchange text,
  sell_price numeric,
  sell_advantage_bps numeric,
  net_buy_exchange text,
  net_buy_price numeric,
  net_buy_advantage_bps numeric,
  net_sell_exchange text,
  net_sell_price numeric,
  net_sell_advantage_bps numeric,
  consolidated_best_bid numeric,
  consolidated_best_ask numeric,
  exchanges jsonb NOT NULL,
  PRIMARY KEY (poll_at, market)
);

CREATE TABLE IF NOT EXISTS depthline.consolidated_fill (
  poll_at timestamptz NOT NULL,
  market text NOT NULL,
  notional numeric NOT NULL,
  side text NOT NULL,
  complete boolean NOT NULL,
  price numeric,
  base_amount numeric NOT NULL,
  filled_notional numeric NOT NULL,
  worst_price numeric,
  levels integer NOT NULL,
  slippage_bps numeric,
  split jsonb NOT NULL,
  PRIMARY KEY (poll_at, market, notional, side),
  FOREIGN KEY (poll_at, market) REFERENCES depthline.market_analytics ON DELETE CASCADE
);

CREATE OR REPLACE VIEW depthline.market_minute_mid AS
  SELECT poll_at, market, average_mid_price, cardinality(mid_exchanges) AS exchanges, mid_exchanges
  FROM depthline.market_analytics;
COMMENT ON VIEW depthline.market_minute_mid IS
  'The average mid price of each market and minute, and which exchanges it is the mean of.';

CREATE OR REPLACE VIEW depthline.market_minute_best AS
  SELECT poll_at, market, notional,
         buy_exchange, buy_price, buy_advantage_bps,
         sell_exchange, sell_price, sell_advantage_bps
  FROM depthline.market_analytics;
COMMENT ON VIEW depthline.market_minute_best IS
  'For each market and minute where to buy and to sell for the notional (50000 unless --notionals says otherwise), and at what price.';
