import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TickRow } from '../wire/tick-message.js'
import { type LadderViewOptions, ladderView } from './ladder-view.js'

const OPTIONS: LadderViewOptions = {
  symbol: 'BTC-USDT',
  tick: 1_693_973_208,
  width: 80,
  height: 24,
  colour: false,
}

/** Rows from lines of `side price amount total cum_sum`. */
function rows(text: string, symbol = 'BTC-USDT'): TickRow[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [side = '', price = '', amount = '', total = '', cumSum = ''] = line.trim().split(' ')
      return { symbol, side, price, amount, total, cumSum }
    })
}

const BRIEF = rows(`
  buy_1 34045.24 6.5137 221760.479788 221760.479788
  sell_1 34045.25 7.52013 256024.7058825 256024.7058825
  buy_2 34045.23 0.00058 19.7462334 221780.2260214
  sell_2 34045.37 0.10531 3585.3179147 259610.0237972
  buy_3 34044.9 0.0205 697.92045 222478.1464714
`)

/** `count` levels a side around 1000, one apart. */
function deep(count: number): TickRow[] {
  const side = (name: string, sign: number) =>
    Array.from({ length: count }, (_, n) => `${name}_${n + 1} ${1000 + sign * (n + 1)} 1 1 1`)
  return rows([...side('buy', -1), ...side('sell', 1)].join('\n'))
}

const view = (own: TickRow[], options: Partial<LadderViewOptions> = {}) =>
  ladderView(own, { ...OPTIONS, ...options })

describe('the ladder view', () => {
  test('shows asks from worst to best, mid and spread, and bids from best to worst, with every digit', () => {
    expect(view([...BRIEF, ...rows('buy_1 1650 1 1650 1650', 'ETH-USDT')])).toEqual([
      'BTC-USDT  2023-09-06 04:06:48 UTC  also ETH-USDT',
      'Price (USDT)  Amount (BTC)    Total (USDT)      Sum (USDT)',
      '    34045.37       0.10531    3585.3179147  259610.0237972',
      '    34045.25       7.52013  256024.7058825  256024.7058825',
      'mid 34045.245  spread 0.01  0.00 bps',
      '    34045.24       6.5137   221760.479788   221760.479788 ',
      '    34045.23       0.00058      19.7462334  221780.2260214',
      '    34044.9        0.0205      697.92045    222478.1464714',
    ])
  })

  test('names no currency where the symbol does not', () => {
    const [, titles] = view(rows('buy_1 10 1 10 10', 'XBT'), { symbol: 'XBT' })
    expect(titles!.trim().split(/ +/)).toEqual(['Price', 'Amount', 'Total', 'Sum'])
  })

  test('shortens the titles, then leaves out columns on the right, where the terminal is narrow', () => {
    const titles = (width: number) => view(BRIEF, { width })[1]!.trim().split(/ {2,}/)
    expect(titles(58)).toEqual(['Price (USDT)', 'Amount (BTC)', 'Total (USDT)', 'Sum (USDT)'])
    expect(titles(57)).toEqual(['Price', 'Amount', 'Total', 'Sum'])
    expect(titles(48)).toEqual(['Price (USDT)', 'Amount (BTC)', 'Total (USDT)'])
    expect(titles(20)).toEqual(['Price', 'Amount'])
    expect(titles(12)).toEqual(['Price (USDT)'])
  })

  test('leaves out the levels furthest from the middle, and says how many, where the terminal is low', () => {
    const lines = view(deep(15), { height: 9 })
    expect(lines.map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      'BTC-USDT',
      'Price (USDT)',
      '… 13 more asks',
      '1002',
      '1001',
      'mid 1000',
      '999',
      '998',
      '… 13 more bids',
    ])
    expect(view(deep(15), { height: 33 })).toHaveLength(33)
    expect(view(deep(15), { height: 33 }).join()).not.toContain('more')
  })

  test('gives the room of a short side to the other', () => {
    const lopsided = deep(15).filter(({ side }) => side.startsWith('buy') || side === 'sell_1')
    const lines = view(lopsided, { height: 10 })
    expect(lines.slice(2, 4).map((line) => line.trim().split(/ +/)[0])).toEqual(['1001', 'mid'])
    expect(lines.at(-1)).toBe('… 10 more bids')
  })

  test('fits any terminal, coloured or not, and never cuts a number', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character.
    const colours = /\x1b\[[\d;]*m/g
    const size = fc.integer({ min: 1, max: 100 })
    fc.assert(
      fc.property(size, size, fc.boolean(), fc.nat(20), (width, height, colour, count) => {
        const own = count === 0 ? [] : deep(count)
        const lines = view(own, { width, height, colour }).map((line) => line.replace(colours, ''))
        expect(lines).toEqual(view(own, { width, height }))
        expect(lines.length).toBeLessThanOrEqual(height)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
        if (width < 12) return
        for (const price of lines.join('\n').match(/^ *\d+/gm) ?? []) {
          expect(own.map((row) => row.price)).toContain(price.trim())
        }
      }),
    )
  })

  test('paints asks red, bids green and the rest dim where colours are wanted', () => {
    const styles = view(BRIEF, { colour: true }).map((line) => line.slice(0, line.indexOf('m') + 1))
    const [dim, red, green] = ['\x1b[2m', '\x1b[31m', '\x1b[32m']
    expect(styles).toEqual([dim, dim, red, red, dim, green, green, green])
    expect(view(BRIEF).join()).not.toContain('\x1b')
  })

  test.each([
    ['100', '101', 'mid 100.5  spread 1  99.50 bps'],
    ['101', '100', 'mid 100.5  spread -1  -99.50 bps  crossed'],
    ['100', '100.0', 'mid 100  spread 0  0.00 bps  locked'],
    [
      '0.000000000000000001',
      '1',
      'mid 0.5000000000000000005  spread 0.999999999999999999  20000.00 bps',
    ],
    [
      '999999999999999999',
      '999999999999999999.5',
      'mid 999999999999999999.25  spread 0.5  0.00 bps',
    ],
    // 0.125 and 0.375 basis points lie half way and go to their even neighbours.
    ['79999.5', '80000.5', 'mid 80000  spread 1  0.12 bps'],
    ['79998.5', '80001.5', 'mid 80000  spread 3  0.38 bps'],
  ])('computes mid, spread and basis points of %s and %s exactly', (bid, ask, expected) => {
    const lines = view(rows(`buy_1 ${bid} 1 1 1\nsell_1 ${ask} 1 1 1`))
    expect(lines[3]).toBe(expected)
  })

  test('marks a crossed book as a warning', () => {
    const crossed = view(rows('buy_1 2 1 2 2\nsell_1 1 1 1 1'), { colour: true })
    expect(crossed[3]).toBe('\x1b[1;33mmid 1.5  spread -1  -6666.67 bps  crossed\x1b[0m')
  })

  test('says which side is empty, and where both are', () => {
    expect(view(BRIEF.filter(({ side }) => side.startsWith('buy')))[2]).toBe('no asks')
    expect(view(BRIEF.filter(({ side }) => side.startsWith('sell'))).at(-1)).toBe('no bids')
    expect(view([])).toEqual(['BTC-USDT  2023-09-06 04:06:48 UTC', 'no orders in BTC-USDT'])
    expect(view(rows('buy_1 1 1 1 1', 'ETH-USDT'))[1]).toBe('no orders in BTC-USDT')
  })
})
