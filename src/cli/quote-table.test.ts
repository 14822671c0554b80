/** How quotes look in a terminal. */
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import type { Quote } from '../jobs/quote.js'
import { quoteTable } from './quote-table.js'

const OFFER: Quote = {
  exchange: 'coinbase',
  market: 'BTC-USD',
  side: 'buy',
  notional: '100000',
  complete: true,
  price: '60584.49932424',
  base_amount: '1.650587214805',
  filled_notional: '100000',
  worst_price: '60584.67',
  levels: 21,
  slippage_bps: '0.037',
  mid_price: '60584.27',
  best: true,
}
const DEARER = { ...OFFER, exchange: 'kraken', price: '60596.7', best: false, levels: 5 }
const THIN: Quote = {
  ...OFFER,
  exchange: 'gemini',
  complete: false,
  price: null,
  filled_notional: '99999.99',
  best: false,
}
const FAILED: Quote = { ...THIN, exchange: 'bitstamp', error: `timeout: ${'so slow '.repeat(20)}` }

function table(quotes: readonly Quote[], width = 80, advantage = '2.0141'): string[] {
  const offer = quotes.find(({ best }) => best)
  const best = offer && {
    exchange: offer.exchange,
    price: parseDecimal(offer.price!)!,
    advantageBps: quotes.length > 1 ? parseDecimal(advantage) : undefined,
  }
  return quoteTable({ quotes, best, farApart: [] }, width).split('\n')
}

describe('the table of quotes', () => {
  it('shows every fill, point below point, marks the best, and fits 80 columns', () => {
    const lines = table([OFFER, DEARER, THIN, FAILED])
    expect(lines.map((line) => line.slice(0, 79))).toEqual([
      'buy BTC with 100000 USD',
      '   exchange           price     base amount  worst price  levels  slippage bps',
      '*  coinbase  60584.49932424  1.650587214805     60584.67      21         0.037',
      '   kraken    60596.7         1.650587214805     60584.67       5         0.037',
      '   gemini    too thin: only 99999.99 USD buys 1.650587214805 BTC',
      '   bitstamp  timeout: so slow so slow so slow so slow so slow so slow so slow s',
      '* best: coinbase, 2.0141 bps better than the next',
      '',
    ])
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('names a tie, an only offer, and that there is none', () => {
    const tie = { ...DEARER, price: OFFER.price }
    expect(table([OFFER, tie], 80, '0').at(-2)).toBe(
      '* best: coinbase, at the same price as the next',
    )
    expect(table([OFFER]).at(-2)).toBe('* best: coinbase')
    expect(table([THIN, FAILED]).at(-2)).toBe('no exchange can fill it')
  })

  it('never cuts a number, however narrow the terminal is', () => {
    expect(table([OFFER], 20)[2]).toContain('60584.49932424  1.650587214805')
  })

  it('speaks of a sale as of one', () => {
    const lines = table([{ ...THIN, side: 'sell' }])
    expect(lines[0]).toBe('sell BTC for 100000 USD')
    expect(lines[2]).toContain('too thin: only 99999.99 USD for 1.650587214805 BTC')
  })
})
