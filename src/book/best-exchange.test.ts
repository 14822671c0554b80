import { describe, expect, test } from 'vitest'
import { bestExchange } from './best-exchange.js'
import { parseDecimal, toText } from './decimal.js'
import { BUY, SELL, type Side } from './order-event.js'

/** Name and advantage of the best, from `[name, price]`; a price that is not there is a book too thin. */
function best(side: Side, ...prices: [exchange: string, price?: string][]) {
  const found = bestExchange(
    prices.map(([exchange, price]) => ({ exchange, price: parseDecimal(price ?? '') })),
    side,
  )
  return found && [found.exchange, found.advantageBps && toText(found.advantageBps)]
}

describe('the best exchange', () => {
  test('is the cheapest for a buy and never the dearest', () => {
    expect(best(BUY, ['dear', '103'], ['cheap', '100'], ['middle', '101'])).toEqual([
      'cheap',
      '99.0099',
    ])
    expect(best(BUY, ['cheap', '100'], ['middle', '101'], ['dear', '103'])?.[0]).toBe('cheap')
  })

  test('is the one that pays most for a sell', () => {
    expect(best(SELL, ['low', '98'], ['high', '100'], ['middle', '99'])).toEqual([
      'high',
      '101.0101',
    ])
  })

  test('is the one named first where prices are equal as values', () => {
    for (const side of [BUY, SELL] as const) {
      expect(best(side, ['first', '100.0'], ['second', '100'])).toEqual(['first', '0'])
    }
    expect(best(BUY, ['dear', '101'], ['first', '100'], ['second', '100'])).toEqual(['first', '0'])
  })

  test('is never one whose book is too thin', () => {
    expect(best(BUY, ['thin'], ['deep', '100'])).toEqual(['deep', undefined])
    expect(best(SELL, ['thin'], ['deep', '100'])).toEqual(['deep', undefined])
    expect(best(BUY, ['thin'], ['thin too'])).toBeUndefined()
    expect(best(BUY)).toBeUndefined()
  })

  test('has no advantage over a price that prints as 0', () => {
    expect(best(SELL, ['first', '1'], ['second', '0'])).toEqual(['first', undefined])
    expect(best(BUY, ['first', '0'], ['second', '0'])).toEqual(['first', undefined])
  })
})
