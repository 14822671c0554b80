/** `depthline quote`: what an order would get now, asked of the exchanges themselves, without Kafka. */
import type { Command } from 'commander'
import * as z from 'zod'
import { isZero, parseDecimal } from '../book/decimal.js'
import { BUY, SELL } from '../book/order-event.js'
import { checkFlags } from '../config.js'
import { DepthlineError } from '../errors.js'
import { type QuotedOrder, quotesFor } from '../jobs/quote.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import type { Exchange } from '../wire/exchanges/exchange.js'
import { askForBook } from './ask-book.js'
import {
  assertMarket,
  DEFAULT_EXCHANGES,
  exchangeList,
  warnOfOtherOrigins,
} from './exchange-flags.js'
import { standardOutput } from './output.js'
import { openLog, systemClock } from './process.js'
import { quoteTable } from './quote-table.js'
import { stopSignal } from './stop-signal.js'

const Flags = z.object({
  exchanges: z.string(),
  market: z.string(),
  output: z.enum(['table', 'json'], 'table or json'),
})

const DEADLINE_MS = 10_000
/** Where nothing says how wide the reader's screen is. */
const USUAL_WIDTH = 80

export function addQuoteCommand(program: Command): void {
  program
    .command('quote')
    .summary('what an order would get at each exchange now; no Kafka')
    .description(
      'Asks the exchanges for their books and prints what an order of NOTIONAL, in quote units, would get at each, and where it gets most. Ends with 3 only where no exchange answered.',
    )
    .argument('<side>', 'buy or sell')
    .argument('<notional>', 'money to spend or to receive, such as 50000')
    .requiredOption('--market <market>', 'such as BTC-USD')
    .option('--exchanges <a,b>', 'the preferred one at equal prices first', DEFAULT_EXCHANGES)
    .option('-o, --output <format>', 'table or json', 'table')
    .action(quoteCommand)
}

async function quoteCommand(side: string, notional: string, options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const exchanges = exchangeList(flags.exchanges)
  assertMarket('--market', flags.market, exchanges)
  const order = orderOf(side, notional, flags.market)
  const log = openLog('quote')
  warnOfOtherOrigins(exchanges, log)
  const records = await askAll(exchanges, order.market)
  const answers = records.map((record) => {
    return { exchange: record.exchange!, record, isSameBody: false }
  })
  const quotes = quotesFor(answers, order)
  if (quotes.farApart.length > 0) {
    log.warn(
      { exchanges: quotes.farApart },
      'these two books are so far apart that one must be wrong',
    )
  }
  await standardOutput.write(
    flags.output === 'json'
      ? `${JSON.stringify(quotes.quotes, null, 2)}\n`
      : quoteTable(quotes, process.stdout.columns ?? USUAL_WIDTH),
  )
  if (records.some(({ kind }) => kind === 'answer')) return
  const names = exchanges.map(({ name }) => name).join(', ')
  throw new DepthlineError('EXCHANGE_FAILED', `no answer from ${names}`, { retriable: true })
}

function orderOf(side: string, notional: string, market: string): QuotedOrder {
  if (side !== 'buy' && side !== 'sell') {
    throw new DepthlineError('USAGE', `expected buy or sell, got "${side}"`)
  }
  const value = /^\d{1,18}(\.\d{1,18})?$/.test(notional) ? parseDecimal(notional) : undefined
  if (value === undefined || isZero(value)) {
    const expected = 'a decimal above 0 with at most 18 digits before the point and after it'
    throw new DepthlineError('USAGE', `the notional: expected ${expected}, got "${notional}"`)
  }
  return { market, side: side === 'buy' ? BUY : SELL, notional: value }
}

function askAll(exchanges: readonly Exchange[], market: string): Promise<ExchangePoll[]> {
  const pollAt = systemClock.now()
  const deadlineAt = systemClock.monotonic() + DEADLINE_MS
  return Promise.all(
    exchanges.map(async (exchange) => {
      const terms = { pollAt, deadlineAt, lateMs: 0, clock: systemClock, signal: stopSignal }
      return (await askForBook({ exchange, market, ...terms })).record
    }),
  )
}
