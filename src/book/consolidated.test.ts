import { describe, expect, test } from 'vitest'
import { consolidate, type ExchangeSide, split } from './consolidated.js'
import { parseDecimal, toText } from './decimal.js'
import type { Level } from './ladder.js'
import { BUY, SELL } from './order-event.js'
import { sweep } from './sweep.js'

const decimal = (text: string) => parseDecimal(text)!

function side(exchange: string, ...rows: [price: string, amount: string][]): ExchangeSide {
  const levels = rows.map(([price, amount]) => ({ price: decimal(price), amount: decimal(amount) }))
  return { exchange, levels }
}

const ASKS = [
  side('kraken', ['100', '1'], ['102', '1']),
  side('coinbase', ['100.0', '2'], ['101', '1']),
  side('gemini'),
]

describe('several ladders as one', () => {
  test('yield the best price first, at one price in the order of the exchanges', () => {
    const merged = [...consolidate(ASKS, SELL)]
    expect(merged.map(({ price, exchange }) => `${toText(price)} ${exchange}`)).toEqual([
      '100 kraken',
      '100 coinbase',
      '101 coinbase',
      '102 kraken',
    ])
    const bids = [side('a', ['9', '1']), side('b', ['10', '1'], ['9', '1'])]
    expect([...consolidate(bids, BUY)].map(({ exchange }) => exchange)).toEqual(['b', 'a', 'b'])
  })

  test('are nothing where there is none', () => {
    expect([...consolidate([], BUY)]).toEqual([])
    expect([...consolidate([side('a')], BUY)]).toEqual([])
  })

  test('are read no further than an order goes', () => {
    let read = 0
    function* counted(levels: Iterable<Level>) {
      for (const level of levels) {
        read++
        yield level
      }
    }
    const sides = ASKS.map(({ exchange, levels }) => ({ exchange, levels: counted(levels) }))
    sweep(consolidate(sides, SELL), decimal('50'))
    expect(read).toBe(2)
  })

  test('split an order by exchange, whoever gives nothing left out', () => {
    // 100 from kraken, 200 from coinbase, and 50 of coinbase's next level.
    const shares = split(
      consolidate(ASKS, SELL),
      decimal('350'),
      ASKS.map((one) => one.exchange),
    )
    expect(
      shares.map(({ exchange, baseAmount, notional }) => [
        exchange,
        toText(baseAmount),
        toText(notional),
      ]),
    ).toEqual([
      ['kraken', '1', '100'],
      ['coinbase', '2.49504950495', '250'],
    ])
    const { price, levels } = sweep(consolidate(ASKS, SELL), decimal('350'))
    expect([toText(price!), levels]).toEqual(['100.14164306', 3])
  })

  test('split what there is where that is too little, in the order that is asked for', () => {
    const shares = split(consolidate(ASKS, SELL), decimal('9999'), ['coinbase', 'kraken'])
    expect(shares.map(({ exchange, notional }) => [exchange, toText(notional)])).toEqual([
      ['coinbase', '301'],
      ['kraken', '202'],
    ])
  })
})
