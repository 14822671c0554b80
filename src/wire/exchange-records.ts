/** The records of the exchange topics as the program holds them; schemas/*.avsc says what each field means. */

/** Exact plain decimal text, such as `34045.24`: what {@link toText} prints. */
export type DecimalText = string
/** Milliseconds since 1970, UTC. */
export type EpochMs = number

export type PollKind = 'answer' | 'failure' | 'late' | 'not_polled' | 'round_complete'

/** Why a request brought no answer. */
export type PollError =
  | 'timeout'
  | 'connection_failed'
  | 'http_status'
  | 'body_too_large'
  | 'cut_off'
  | 'redirect_refused'

/** schemas/exchange-poll.avsc, the records of `exchange-books`. */
export interface ExchangePoll {
  readonly kind: PollKind
  readonly poll_at: EpochMs
  readonly exchange: string | null
  readonly market: string | null
  readonly origin: string | null
  readonly requested_at: EpochMs | null
  readonly responded_at: EpochMs | null
  readonly attempts: number
  readonly status: number | null
  readonly error: PollError | null
  readonly detail: string | null
  readonly sha256: string | null
  readonly body: Uint8Array | null
  readonly exchanges: readonly string[] | null
  readonly markets: readonly string[] | null
}

/** Why a book takes no part in any price. */
export type UnusableReason =
  | PollError
  | 'not_polled'
  | 'no_record'
  | 'invalid_body'
  | 'exchange_error'
  | 'empty'
  | 'unsorted'
  | 'crossed'
  | 'in_auction'
  | 'stale'
  | 'outlier'

export type BookFlag = 'same_body' | 'far_apart'

export type TradeSide = 'buy' | 'sell'

export interface FillRecord {
  readonly notional: DecimalText
  readonly side: TradeSide
  readonly complete: boolean
  readonly price: DecimalText | null
  readonly base_amount: DecimalText
  readonly filled_notional: DecimalText
  readonly worst_price: DecimalText | null
  readonly levels: number
  readonly slippage_bps: DecimalText | null
}

export interface ExtractLevel {
  readonly price: DecimalText
  readonly amount: DecimalText
  readonly total: DecimalText
  readonly cum_sum: DecimalText
}

export interface DepthWithin {
  readonly bps: number
  readonly bids: DecimalText
  readonly asks: DecimalText
}

/** What became of one exchange's book. */
export interface BookStatus {
  readonly exchange: string
  readonly usable: boolean
  readonly reason: UnusableReason | null
  readonly detail: string | null
  readonly flags: readonly BookFlag[]
}

/** schemas/exchange-depth.avsc, the records of `exchange-depth`. */
export interface ExchangeDepth extends BookStatus {
  readonly poll_at: EpochMs
  readonly market: string
  readonly requested_at: EpochMs | null
  readonly responded_at: EpochMs | null
  readonly book_at: EpochMs | null
  readonly status: number | null
  readonly sha256: string | null
  readonly best_bid: DecimalText | null
  readonly best_ask: DecimalText | null
  readonly mid_price: DecimalText | null
  readonly spread: DecimalText | null
  readonly fills: readonly FillRecord[]
  readonly extract_notional: DecimalText
  readonly bids: readonly ExtractLevel[]
  readonly asks: readonly ExtractLevel[]
  readonly depth: readonly DepthWithin[]
}

export interface ConsolidatedFill extends FillRecord {
  readonly split: readonly {
    readonly exchange: string
    readonly base_amount: DecimalText
    readonly notional: DecimalText
  }[]
}

/** schemas/market-analytics.avsc, the records of `market-analytics`. */
export interface MarketAnalytics {
  readonly poll_at: EpochMs
  readonly market: string
  readonly average_mid_price: DecimalText | null
  readonly mid_exchanges: readonly string[]
  readonly notional: DecimalText
  readonly buy_exchange: string | null
  readonly buy_price: DecimalText | null
  readonly buy_advantage_bps: DecimalText | null
  readonly sell_exchange: string | null
  readonly sell_price: DecimalText | null
  readonly sell_advantage_bps: DecimalText | null
  readonly net_buy_exchange: string | null
  readonly net_buy_price: DecimalText | null
  readonly net_buy_advantage_bps: DecimalText | null
  readonly net_sell_exchange: string | null
  readonly net_sell_price: DecimalText | null
  readonly net_sell_advantage_bps: DecimalText | null
  readonly consolidated_best_bid: DecimalText | null
  readonly consolidated_best_ask: DecimalText | null
  readonly consolidated: readonly ConsolidatedFill[]
  readonly exchanges: readonly (BookStatus & {
    readonly mid_price: DecimalText | null
    readonly fee_bps: DecimalText | null
  })[]
  readonly depth: readonly (DepthWithin & { readonly exchange: string })[]
}
