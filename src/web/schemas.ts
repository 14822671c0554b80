/** JSON Schemas of all answers, for the OpenAPI document and for the tests that hold answers against them. */

type Schema = Readonly<Record<string, unknown>>

const decimal = { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$', description: 'An exact decimal.' }
const decimalOrNull = { ...decimal, type: ['string', 'null'] }
const count = { type: 'integer', minimum: 0 }
const countOrNull = { type: ['integer', 'null'], minimum: 0 }
const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }
const flag = { type: 'boolean' }
const tick = { ...count, description: 'Epoch second.' }
const pollAt = { ...count, description: 'Start of the poll, milliseconds since 1970.' }
const time = { type: 'string', format: 'date-time' }
const side = { enum: ['buy', 'sell'] }
/** Null before the first tick. */
const times = {
  tick: { ...countOrNull, description: 'Epoch second.' },
  as_of: { type: ['string', 'null'], format: 'date-time' },
  age_ms: countOrNull,
}

/** Every field is always there. */
function object(properties: Schema): Schema {
  const required = Object.keys(properties)
  return { type: 'object', properties, required, additionalProperties: false }
}

function list(items: Schema): Schema {
  return { type: 'array', items }
}

const level = object({
  rank: { ...count, minimum: 1 },
  price: decimal,
  amount: decimal,
  total: decimal,
  cum_sum: decimal,
})
const best = { best_bid: decimalOrNull, best_ask: decimalOrNull, mid: decimalOrNull }

const books = {
  Symbols: object({
    ...times,
    symbols: list(object({ symbol: text, ...best, spread: decimalOrNull, crossed: flag })),
  }),
  Book: object({
    symbol: text,
    ...times,
    mid: decimalOrNull,
    spread: decimalOrNull,
    spread_bps: decimalOrNull,
    crossed: flag,
    bids: list(level),
    asks: list(level),
  }),
  History: object({
    symbol: text,
    from: tick,
    to: tick,
    complete: { ...flag, description: 'False where a limit has cut the ticks off.' },
    ticks: list(
      object({
        ...{ tick, mid: decimalOrNull, spread: decimalOrNull },
        ...{ bids: list(level), asks: list(level) },
      }),
    ),
  }),
  Status: object({
    ...times,
    events_per_second: { type: ['number', 'null'], minimum: 0 },
    rejected: { ...count, description: 'In the last 60 ticks.' },
    rejected_last_tick: count,
    missed: { ...count, description: 'Seconds without a tick, in the last 60 ticks.' },
    lag: { ...countOrNull, description: 'Input records that the newest tick does not hold.' },
    tick_lateness_ms: object({ p50: countOrNull, p99: countOrNull }),
    crossed: list(text),
    incomplete: flag,
    clock: textOrNull,
    version: text,
    simulated: flag,
    verified: {
      oneOf: [
        { type: 'null' },
        object({ ticks: count, wrong: count, to: countOrNull, as_of: time }),
      ],
    },
    skipped: object({ ticks: count, rounds: count, last: textOrNull }),
    missing: { ...list(text), description: 'What is not there, in words.' },
  }),
}

const round = object({
  poll_at: pollAt,
  market: text,
  average_mid_price: decimalOrNull,
  notional: decimal,
  buy_exchange: textOrNull,
  buy_price: decimalOrNull,
  buy_advantage_bps: decimalOrNull,
  sell_exchange: textOrNull,
  sell_price: decimalOrNull,
  sell_advantage_bps: decimalOrNull,
  exchanges: list(
    object({
      ...{ exchange: text, usable: flag, reason: textOrNull, detail: textOrNull },
      ...{ flags: list(text), mid_price: decimalOrNull },
    }),
  ),
  prices: list(object({ exchange: text, notional: decimal, side, price: decimalOrNull })),
})

const exchanges = {
  Mid: list(
    object({
      ...{ poll_at: pollAt, market: text, average_mid_price: decimalOrNull },
      ...{ exchanges: count, mid_exchanges: list(text) },
    }),
  ),
  Depth: list({
    type: 'object',
    properties: {
      ...{ poll_at: pollAt, market: text, exchange: text, mid_price: decimalOrNull },
      ...{ best_bid: decimalOrNull, best_ask: decimalOrNull, spread: decimalOrNull },
      ...{ reason: textOrNull, detail: textOrNull },
    },
    required: ['poll_at', 'market', 'exchange', 'mid_price', 'reason', 'detail'],
    description: 'Further columns by notional and distance, such as buy_price_50000, bids_10_bps.',
    additionalProperties: decimalOrNull,
  }),
  Best: list(
    object({
      ...{ poll_at: pollAt, market: text, side, notional: decimal },
      ...{ exchange: textOrNull, price: decimalOrNull, advantage_bps: decimalOrNull },
    }),
  ),
  Rounds: list(round),
}

const levels = {
  ...list({ type: 'array', items: decimal, minItems: 4, maxItems: 4 }),
  description: 'Price, amount, total and cum_sum, best price first.',
}

const rest = {
  TickEvent: object({
    ...{ tick, as_of: time, missed: count, rejected: count, crossed: list(text) },
    ...{ incomplete: flag, clock: textOrNull, lateness_ms: countOrNull },
    books: { type: 'object', additionalProperties: object({ bids: levels, asks: levels }) },
  }),
  RoundEvent: round,
  GapEvent: object({ from: tick, to: tick }),
  Readiness: object({
    ...{ ready: flag, problems: list(text), missing: list(text) },
    ...{ tick: times.tick, age_ms: countOrNull, newest_poll_at: countOrNull },
  }),
  Error: object({ error: text, message: text }),
}

export const SCHEMAS = { ...books, ...exchanges, ...rest }
export type SchemaName = keyof typeof SCHEMAS
