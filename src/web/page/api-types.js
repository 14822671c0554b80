/** The shapes of what the API answers, as far as the page reads them; types alone. */

/** @typedef {'bid' | 'ask'} Side */

/** @typedef {readonly [price: string, amount: string, total: string, cumSum: string]} LevelText */

/** @typedef {{ readonly bids: readonly LevelText[], readonly asks: readonly LevelText[] }} BookText */

/**
 * @typedef {object} TickEvent
 * @property {number} tick epoch second
 * @property {number} missed
 * @property {number} rejected
 * @property {readonly string[]} crossed
 * @property {boolean} incomplete
 * @property {string | null} clock
 * @property {Readonly<Record<string, BookText>>} books
 */

/** @typedef {{ readonly from: number, readonly to: number }} GapEvent */

/**
 * @typedef {object} RoundExchange
 * @property {string} exchange
 * @property {boolean} usable
 * @property {string | null} reason
 * @property {string | null} detail
 * @property {readonly string[]} flags
 * @property {string | null} mid_price
 */

/**
 * @typedef {object} RoundPrice
 * @property {string} exchange
 * @property {string} notional
 * @property {'buy' | 'sell'} side
 * @property {string | null} price
 */

/**
 * @typedef {object} Round
 * @property {number} poll_at milliseconds since 1970
 * @property {string} market
 * @property {string | null} average_mid_price
 * @property {string} notional of the order that the preferred exchange is named for
 * @property {string | null} buy_exchange
 * @property {string | null} buy_price
 * @property {string | null} buy_advantage_bps
 * @property {string | null} sell_exchange
 * @property {string | null} sell_price
 * @property {string | null} sell_advantage_bps
 * @property {readonly RoundExchange[]} exchanges
 * @property {readonly RoundPrice[]} prices
 */

/** @typedef {{ ticks: number, wrong: number, to: number | null, as_of: string }} Verified */

/**
 * @typedef {object} Status
 * @property {number | null} tick
 * @property {number | null} age_ms
 * @property {number | null} events_per_second
 * @property {number} rejected
 * @property {number} rejected_last_tick
 * @property {number} missed
 * @property {number | null} lag
 * @property {{ p50: number | null, p99: number | null }} tick_lateness_ms
 * @property {readonly string[]} crossed
 * @property {boolean} incomplete
 * @property {string | null} clock
 * @property {string} version
 * @property {boolean} simulated
 * @property {Verified | null} verified
 * @property {{ ticks: number, rounds: number, last: string | null }} [skipped]
 * @property {readonly string[]} [missing]
 */

export {}
