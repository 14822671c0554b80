import { describe, expect, test } from 'vitest'
import { csvLine, TICK_CSV_HEADER, tickCsvLines } from './csv.js'

describe('comma-separated text', () => {
  test('quotes what would otherwise break a line or a cell, and nothing else', () => {
    expect(csvLine(['a', 'b c', ''])).toBe('a,b c,\n')
    expect(csvLine(['a,b', 'say "x"', '1\n2', '\r'])).toBe('"a,b","say ""x""","1\n2","\r"\n')
  })

  test('names the columns of a tick and writes one level a line with its digits untouched', () => {
    expect(TICK_CSV_HEADER).toBe('tick,symbol,side,price,amount,total,cum_sum\n')
    const row = {
      symbol: 'BTC-USDT',
      side: 'buy_1',
      price: '34045.24',
      amount: '6.5137',
      total: '221760.479788',
      cumSum: '12345678901234567890.123456789012345678',
    }
    expect(tickCsvLines(1693973208, [row, { ...row, side: 'sell_1' }])).toBe(
      '1693973208,BTC-USDT,buy_1,34045.24,6.5137,221760.479788,12345678901234567890.123456789012345678\n' +
        '1693973208,BTC-USDT,sell_1,34045.24,6.5137,221760.479788,12345678901234567890.123456789012345678\n',
    )
    expect(tickCsvLines(1693973208, [])).toBe('')
  })
})
