/** Grouping by price step: bids down, asks up, amounts and sums conserved to the digit. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as book from '../../book/decimal.js'
import { rowsOf, stepsFor } from './grouping.js'

type Level = [price: string, amount: string, total: string, cumSum: string]

const positive = (max: bigint) => fc.bigInt({ min: 1n, max })
const arbitraryBook = fc
  .uniqueArray(fc.tuple(positive(10n ** 9n), positive(10n ** 18n)), {
    selector: ([price]) => price,
    minLength: 1,
    maxLength: 40,
  })
  .map((pairs) =>
    pairs
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([p, a]) => [book.fromUnits(p, 4), book.fromUnits(a, 11)] as const),
  )

/** As the server gives them: totals and running sums exact. */
function levelsOf(pairs: readonly (readonly [book.Decimal, book.Decimal])[]): Level[] {
  let sum = book.ZERO
  return pairs.map(([price, amount]) => {
    const total = book.multiply(price, amount)
    sum = book.add(sum, total)
    return [book.toText(price), book.toText(amount), book.toText(total), book.toText(sum)]
  })
}

const sumOf = (texts: readonly string[]) =>
  book.toText(texts.reduce((sum, text) => book.add(sum, book.parseDecimal(text)!), book.ZERO))

describe('grouping', () => {
  it('neither gains nor loses a digit, whatever the book and the step', () => {
    const steps = fc.constantFrom('0.0001', '0.0005', '0.05', '1', '5', '1000', '100000')
    fc.assert(
      fc.property(
        arbitraryBook,
        steps,
        fc.constantFrom('bid' as const, 'ask' as const),
        (pairs, step, side) => {
          const levels = levelsOf(side === 'ask' ? pairs : [...pairs].reverse())
          const rows = rowsOf(levels, side, step)
          expect(sumOf(rows.map(({ amount }) => amount))).toBe(
            sumOf(levels.map(([, amount]) => amount)),
          )
          expect(sumOf(rows.map(({ total }) => total))).toBe(levels.at(-1)![3])
          let sum = '0'
          for (const row of rows) {
            sum = sumOf([sum, row.total])
            expect(row.cumSum).toBe(sum)
          }
          const prices = rows.map(({ price }) => book.parseDecimal(price)!)
          for (const [at, price] of prices.entries()) {
            const before = prices[at - 1]
            if (before) expect(book.compare(before, price)).toBe(side === 'ask' ? -1 : 1)
          }
        },
      ),
      { seed: 6, numRuns: 500 },
    )
  })

  it('takes bids down and asks up, so that groups never cross', () => {
    const bids: Level[] = [
      ['34045.24', '1', '34045.24', '34045.24'],
      ['34045.1', '2', '68090.2', '102135.44'],
    ]
    const asks: Level[] = [
      ['34045.25', '1', '34045.25', '34045.25'],
      ['34045.37', '2', '68090.74', '102135.99'],
    ]
    expect(rowsOf(bids, 'bid', '0.5')).toEqual([
      { price: '34045', amount: '3', total: '102135.44', cumSum: '102135.44' },
    ])
    expect(rowsOf(asks, 'ask', '0.5')).toEqual([
      { price: '34045.5', amount: '3', total: '102135.99', cumSum: '102135.99' },
    ])
  })

  it('leaves every text as it is where no step is chosen', () => {
    expect(rowsOf([['1.5', '2.50', '3.75', '9']], 'bid', undefined)).toEqual([
      { price: '1.5', amount: '2.50', total: '3.75', cumSum: '9' },
    ])
  })

  it('offers steps from the finest digit of the prices to one per cent of them', () => {
    expect(stepsFor([['34045.24', '1', '1', '1']])).toEqual(
      ['0.1', '0.5', '1', '5', '10', '50', '100'].slice(-7),
    )
    expect(stepsFor([['0.00001234', '1', '1', '1']])).toEqual(['0.00000005', '0.0000001'])
    expect(stepsFor([['3', '1', '1', '1']])).toEqual([])
    expect(stepsFor([])).toEqual([])
  })
})
