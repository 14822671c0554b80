import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyEvents, applyAll } from '../testing/arbitrary-events.js'
import { parseTickMessage, type TickRow } from './tick-message.js'

const ROW = '{"symbol":"BTC-USDT","side":"buy_1","price":1.5,"amount":2,"total":3,"cum_sum":3}'

function print(rows: readonly TickRow[]): string {
  const texts = rows.map(
    ({ symbol, side, price, amount, total, cumSum }) =>
      `{"symbol":"${symbol}","side":"${side}","price":${price},"amount":${amount},` +
      `"total":${total},"cum_sum":${cumSum}}`,
  )
  return `[${texts.join(',')}]`
}

describe('a tick message read back', () => {
  test('gives the rows with their digits untouched', () => {
    expect(parseTickMessage(`[${ROW}]`)).toEqual([
      { symbol: 'BTC-USDT', side: 'buy_1', price: '1.5', amount: '2', total: '3', cumSum: '3' },
    ])
    expect(parseTickMessage('[]')).toEqual([])
  })

  test('prints as the same message again, whatever the books', () => {
    fc.assert(
      fc.property(anyEvents(2), (events) => {
        const { message } = applyAll(events)
        const rows = parseTickMessage(message)
        expect(print(rows!)).toBe(message)
        expect(rows!.map((row) => Number(row.cumSum))).toEqual(
          (JSON.parse(message) as { cum_sum: number }[]).map((row) => row.cum_sum),
        )
      }),
      { seed: 9, numRuns: 300 },
    )
  })
})

describe('what is no tick message', () => {
  test.each([
    ...[
      '',
      ' ',
      '[',
      ']',
      '{}',
      'null',
      '[[]]',
      '[,]',
      '[{}]',
      ' []',
      '[] ',
      '[]\n',
      '[ ]',
      '[][]',
    ],
    ...[ROW, `[${ROW}`, `${ROW}]`, `[${ROW},]`, `[,${ROW}]`, `[${ROW}${ROW}]`, `[${ROW}]x`],
    ...[`[${ROW}, ${ROW}]`, `[${ROW}]\n`, `[${ROW},${ROW}`, `[[${ROW}]]`, `[${ROW}][${ROW}]`],
  ])('is refused: %s', (text) => {
    expect(parseTickMessage(text)).toBeUndefined()
  })

  test.each([
    ['another side', '"side":"buy_1"', '"side":"BUY"'],
    ['a side without number', '"buy_1"', '"buy_"'],
    ['a side of number 0', '"buy_1"', '"buy_0"'],
    ['a number with a leading zero', '"buy_1"', '"buy_01"'],
    ['an escaped key', '"price"', '"pric\\u0065"'],
    ['an exponent', '1.5', '15e-1'],
    ['a number as a string', '1.5', '"1.5"'],
    ['a leading zero', '1.5', '01.5'],
    ['a trailing zero', '1.5', '1.50'],
    ['a point without decimals', '1.5', '1.'],
    ['a plus sign', '1.5', '+1.5'],
    ['a null', '1.5', 'null'],
    ['a minus', '1.5', '-1.5'],
    ['a symbol that is too long', 'BTC-USDT', 'Z'.repeat(33)],
    ['a symbol that begins with a dash', 'BTC-USDT', '-BTC'],
    ['another order of fields', '"amount":2,"total":3', '"total":3,"amount":2'],
    ['a field too many', '"cum_sum":3', '"cum_sum":3,"x":1'],
    ['a field too few', ',"cum_sum":3', ''],
    ['white space', '"price":1.5', '"price": 1.5'],
    ['an empty symbol', '"BTC-USDT"', '""'],
    ['an escaped symbol', '"BTC-USDT"', '"BTC\\u002dUSDT"'],
  ])('is refused with %s', (_, from, to) => {
    const changed = ROW.replace(from, to)
    expect(changed).not.toBe(ROW)
    expect(parseTickMessage(`[${changed}]`)).toBeUndefined()
    expect(parseTickMessage(`[${ROW},${changed}]`)).toBeUndefined()
  })
})
