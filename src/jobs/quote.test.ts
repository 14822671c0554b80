/** Quotes from records: the fills, who is best, and what is said of those who offer nothing. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import { BUY, SELL, type Side } from '../book/order-event.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import { quotesFor } from './quote.js'

type Levels = readonly (readonly [price: string, amount: string])[]

/** A body of nothing but levels, which all but Kraken can be. */
function answer(exchange: string, asks: Levels, bids: Levels = [['90', '1']]) {
  const objects = (levels: Levels) => levels.map(([price, amount]) => ({ price, amount }))
  const sides =
    exchange === 'gemini' ? { bids: objects(bids), asks: objects(asks) } : { bids, asks }
  const body = new TextEncoder().encode(JSON.stringify(sides))
  const sha256 = createHash('sha256').update(body).digest('hex')
  return answered(exchange, { kind: 'answer', status: 200, body, sha256 })
}

function answered(exchange: string, reply: Partial<ExchangePoll> & Pick<ExchangePoll, 'kind'>) {
  const record: ExchangePoll = {
    poll_at: 0,
    exchange,
    market: 'BTC-USD',
    requested_at: 1,
    responded_at: 2,
    attempts: 1,
    status: null,
    error: null,
    detail: null,
    sha256: null,
    body: null,
    origin: null,
    exchanges: null,
    markets: null,
    ...reply,
  }
  return { exchange, record, isSameBody: false }
}

function quote(side: Side, notional: string, answers: ReturnType<typeof answered>[]) {
  const order = { market: 'BTC-USD', side, notional: parseDecimal(notional)! }
  return quotesFor(answers, order)
}

describe('a quote', () => {
  it('takes part of the last level, in exact decimals', () => {
    const asks: Levels = [
      ['100', '1'],
      ['101', '5'],
    ]
    const { quotes, best } = quote(BUY, '150.50', [answer('bitstamp', asks)])
    expect(quotes).toEqual([
      {
        exchange: 'bitstamp',
        market: 'BTC-USD',
        side: 'buy',
        notional: '150.5',
        complete: true,
        price: '100.33333333',
        base_amount: '1.5',
        filled_notional: '150.5',
        worst_price: '101',
        levels: 2,
        slippage_bps: '561.4035',
        mid_price: '95',
        best: true,
      },
    ])
    expect(best).toMatchObject({ exchange: 'bitstamp', advantageBps: undefined })
  })

  it('of a buy is best where it is lowest, of a sell where it is highest', () => {
    const books = [
      answer('coinbase', [['102', '9']], [['98', '9']]),
      answer('bitstamp', [['101', '9']], [['97', '9']]),
      answer('gemini', [['103', '9']], [['99', '9']]),
    ]
    const best = (side: Side) => quote(side, '100', books).quotes.filter((one) => one.best)
    expect(best(BUY).map(({ exchange }) => exchange)).toEqual(['bitstamp'])
    expect(best(SELL).map(({ exchange }) => exchange)).toEqual(['gemini'])
  })

  it('is best at exactly one exchange also at equal prices: the first named', () => {
    const books = [answer('gemini', [['101.0', '9']]), answer('bitstamp', [['101.00', '1']])]
    const { quotes, best } = quote(BUY, '100', books)
    expect(quotes.map((one) => [one.exchange, one.price, one.best])).toEqual([
      ['gemini', '101', true],
      ['bitstamp', '101', false],
    ])
    expect(best!.advantageBps).toMatchObject({ units: 0 })
  })

  it('has no price where the book is a cent too thin, and says what it could fill', () => {
    const thin = answer('bitstamp', [['100', '1.4999']])
    const { quotes, best } = quote(BUY, '150', [thin, answer('gemini', [['100', '1.5']])])
    expect(quotes[0]).toMatchObject({
      complete: false,
      price: null,
      base_amount: '1.4999',
      filled_notional: '149.99',
      worst_price: '100',
      levels: 1,
      slippage_bps: null,
      mid_price: '95',
      best: false,
    })
    expect(quotes[0]).not.toHaveProperty('error')
    expect(best!.exchange).toBe('gemini')
  })

  it('is an error where the exchange failed or its book is unusable, and never the best', () => {
    const { quotes, best } = quote(BUY, '150', [
      answered('kraken', { kind: 'failure', error: 'timeout', detail: 'no answer' }),
      answer('bitstamp', [['80', '9']]),
      answer('gemini', []),
    ])
    expect(quotes.map(({ error }) => error)).toEqual([
      'timeout: no answer',
      'crossed: best bid 90 is not below best ask 80',
      'empty: 1 bids and 0 asks',
    ])
    for (const one of quotes) {
      expect(one).toMatchObject({ complete: false, price: null, levels: 0, best: false })
    }
    expect(best).toBeUndefined()
  })

  it('of two books that are far apart is given, and both are named', () => {
    const books = [answer('gemini', [['91', '9']]), answer('bitstamp', [['150', '9']])]
    const { farApart, best } = quote(BUY, '100', books)
    expect(farApart).toEqual(['gemini', 'bitstamp'])
    expect(best!.exchange).toBe('gemini')
  })
})
