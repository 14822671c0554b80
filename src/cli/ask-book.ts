/** Asks an exchange that the program knows, where the environment says it is, and makes the record of it. */
import { exchangeOrigin } from '../config.js'
import { type AskClock, askExchange, type Reply } from '../exchanges/ask-exchange.js'
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import type { Exchange } from '../wire/exchanges/exchange.js'
import { version } from './version.js'

export interface BookRequest {
  readonly exchange: Exchange
  /** One that the exchange has. */
  readonly market: string
  readonly pollAt: EpochMs
  /** By the monotonic clock. */
  readonly deadlineAt: number
  /** 0 where nobody waits for what comes after the deadline. */
  readonly lateMs: number
  readonly clock: AskClock
  readonly signal: AbortSignal
}

/** An answer or a failure, and perhaps the record of an answer after it. */
export interface AskedRecords {
  readonly record: ExchangePoll
  readonly late: Promise<ExchangePoll | undefined> | undefined
}

/**
 * @throws DepthlineError USAGE for an address in the environment that is none; STOPPED
 */
export async function askForBook(request: BookRequest): Promise<AskedRecords> {
  const { exchange, market, pollAt, ...terms } = request
  const origin = exchangeOrigin(process.env, exchange)
  const { reply, late } = await askExchange(
    { ...exchange, origin, path: exchange.paths.get(market)! },
    { ...terms, userAgent: `depthline/${version}`, random: Math.random },
  )
  const recordOf = ({ kind, ...rest }: Reply<ExchangePoll['kind']>): ExchangePoll => ({
    kind,
    poll_at: pollAt,
    exchange: exchange.name,
    market,
    origin,
    ...rest,
    exchanges: null,
    markets: null,
  })
  return { record: recordOf(reply), late: late?.then((answer) => answer && recordOf(answer)) }
}
