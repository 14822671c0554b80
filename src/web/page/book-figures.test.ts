/** Mid price, spread, and what sweeping costs: as the API says them, and as the brief's table has them. */
import { describe, expect, it } from 'vitest'
import { figuresOf } from '../book-answers.js'
import { middleOf, sweepText, sweepTo } from './book-figures.js'

type Level = [string, string, string, string]
const BRIEF_ASKS = [
  { price: '34045.25', amount: '7.52013', total: '256024.7058825', cumSum: '256024.7058825' },
  { price: '34045.37', amount: '0.10531', total: '3585.3179147', cumSum: '259610.0237972' },
]

const bookOf = (bid: string, ask: string): { bids: Level[]; asks: Level[] } => ({
  bids: [[bid, '1', '1', '1']],
  asks: [[ask, '1', '1', '1']],
})

describe('the middle of a book', () => {
  it.each([
    ['34045.24', '34045.25'],
    ['0.000000000000000001', '999999999999999999'],
    ['3', '1'],
    ['7', '7'],
    ['1', '1.00002'],
  ])('of %s and %s is what the API says', (bid, ask) => {
    const book = bookOf(bid, ask)
    const { mid, spread, spread_bps, crossed } = figuresOf(book)
    expect(middleOf(book)).toEqual({ mid, spread, bps: spread_bps, isCrossed: crossed })
  })

  it('is not there where a side is empty', () => {
    expect(middleOf({ bids: [], asks: bookOf('1', '2').asks })).toBeUndefined()
  })
})

describe('a sweep', () => {
  it('takes all rows up to the one pointed at, and divides exactly', () => {
    expect(sweepTo(BRIEF_ASKS, 0)).toMatchObject({
      amount: '7.52013',
      cost: '256024.7058825',
      average: '34045.25',
    })
    // 259610.0237972 / 7.62544 = 34045.2516572368335…
    expect(sweepTo(BRIEF_ASKS, 1)).toEqual({
      ...{ price: '34045.37', amount: '7.62544' },
      ...{ cost: '259610.0237972', average: '34045.25165724' },
    })
    expect(sweepTo(BRIEF_ASKS, 2)).toBeUndefined()
  })

  it('says so in words, with units where the symbol has them', () => {
    const sweep = sweepTo(BRIEF_ASKS, 1)!
    expect(sweepText('ask', sweep, { base: ' BTC', quote: ' USDT' })).toBe(
      'Buying up to 34045.37: 7.62544 BTC costs 259610.0237972 USDT, 34045.25165724 on average',
    )
    expect(sweepText('bid', sweep, { base: '', quote: '' })).toMatch(
      /^Selling down to 34045.37: 7.62544 brings/,
    )
  })
})
