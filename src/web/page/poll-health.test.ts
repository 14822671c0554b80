/** Polls on their schedule: failures as failures, and what is not there as a gap. */
import { describe, expect, it } from 'vitest'
import { midData } from './mid-chart-data.js'
import { scheduleOf, slotsOf, stepOf, summaryOf } from './poll-health.js'
import { notionalText, pricesFor, tableNotional } from './round-prices.js'

const MINUTE = 60_000

function round(minute: number, reason: string | null = null, mid: string | null = '10.5') {
  const exchange = { exchange: 'kraken', usable: reason === null, reason, detail: null, flags: [] }
  return {
    ...{ poll_at: minute * MINUTE, market: 'BTC-USD', average_mid_price: mid },
    ...{ notional: '50000', buy_exchange: null, buy_price: null, buy_advantage_bps: null },
    ...{ sell_exchange: null, sell_price: null, sell_advantage_bps: null },
    exchanges: [{ ...exchange, mid_price: reason === null ? mid : null }],
    prices: [] as {
      exchange: string
      notional: string
      side: 'buy' | 'sell'
      price: string | null
    }[],
  }
}

describe('the polls of an exchange', () => {
  it('stand on the schedule, with gaps where there was no round or nobody polled', () => {
    const rounds = [round(1), round(2, 'timeout'), round(3), round(6, 'not_polled'), round(7)]
    const schedule = scheduleOf(rounds, 30)
    const slots = slotsOf(rounds, 'kraken', schedule)
    expect(slots.map(({ state }) => state)).toEqual([
      'usable',
      'failed',
      'usable',
      'gap',
      'gap',
      'gap',
      'usable',
    ])
    expect(slots[1]!.why).toBe('timeout')
    expect(summaryOf(slots)).toBe('3 of 7 polls usable, 1 failed, 3 missing')
    expect(scheduleOf(rounds, 3)).toEqual([5, 6, 7].map((minute) => minute * MINUTE))
    expect(scheduleOf([], 3)).toEqual([])
  })

  it('have the step that most rounds have', () => {
    expect(stepOf([0, 60, 120, 600, 660])).toBe(60)
    expect(stepOf([5])).toBe(60_000)
  })

  it('leave a gap in the chart where a round is missing or has no price', () => {
    const data = midData([round(1), round(2), round(4), round(5, 'timeout', null)], ['kraken'])
    expect(data).toEqual([
      [60, 120, 180, 240, 300],
      [10.5, 10.5, null, 10.5, null],
      [10.5, 10.5, null, 10.5, null],
    ])
  })
})

describe('the prices of a large order', () => {
  it('name the best as the program does: exact, and the first of equals', () => {
    const price = (exchange: string, side: 'buy' | 'sell', text: string | null) => {
      return { exchange, notional: '100000', side, price: text }
    }
    const exchanges = ['a', 'b', 'c'].map((exchange) => ({ ...round(1).exchanges[0]!, exchange }))
    const prices = [
      ...[price('a', 'buy', '10.00000001'), price('b', 'buy', '10'), price('c', 'buy', '10.0')],
      ...[price('a', 'sell', '9.9'), price('b', 'sell', null), price('c', 'sell', '9.90000001')],
    ]
    const rows = pricesFor({ ...round(1), exchanges, prices }, '100000')
    expect(rows.filter(({ buy }) => buy.isBest).map(({ exchange }) => exchange)).toEqual(['b'])
    expect(rows.filter(({ sell }) => sell.isBest).map(({ exchange }) => exchange)).toEqual(['c'])
    expect(rows[1]!.sell.price).toBeNull()
  })

  it('are of 100,000, or of the largest there is', () => {
    const of = (...notionals: string[]) =>
      tableNotional({
        ...round(1),
        prices: notionals.map((notional) => ({
          exchange: 'a',
          notional,
          side: 'buy',
          price: null,
        })),
      })
    expect(of('50000', '100000', '250000')).toBe('100000')
    expect(of('5000', '25000')).toBe('25000')
    expect(of()).toBe('100000')
    expect([notionalText('100000'), notionalText('999.5')]).toEqual(['100,000', '999.5'])
  })
})
