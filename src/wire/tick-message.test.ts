import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { OrderProcessor } from '../jobs/order-processor.js'
import { briefRows } from '../testing/brief-rows.js'
import { closedRecord, openRecord, type PlainOrder } from '../testing/order-events.js'
import { parseTickMessage } from './tick-message.js'

function processorOf(orders: readonly PlainOrder[], levels = 15): OrderProcessor {
  const processor = new OrderProcessor({ levels, limits: DEFAULT_LIMITS, seed: 1 })
  for (const order of orders) accept(processor, openRecord(order))
  return processor
}

function accept(processor: OrderProcessor, record: Uint8Array): void {
  expect(processor.accept(record, 0, record.length, 0)).toBeUndefined()
}

function sidesOf(message: string): string[] {
  return parseTickMessage(message)!.map((row) => `${row.symbol} ${row.side}`)
}

describe("the brief's table", () => {
  const rows = briefRows()
  const orders = rows.map(
    ({ side, price, amount }, id): PlainOrder => ({
      id,
      side: side.startsWith('buy') ? 'BUY' : 'SELL',
      price,
      size: amount,
    }),
  )
  const message = processorOf(orders).message()

  test('comes out as one message, every character of its 30 rows', () => {
    const inOrder = Array.from({ length: 15 }, (_, index) => [
      rows[index]!,
      rows[15 + index]!,
    ]).flat()
    const expected = inOrder.map(
      ({ side, price, amount, total, cumSum }) =>
        `{"symbol":"BTC-USDT","side":"${side}","price":${price},"amount":${amount},` +
        `"total":${total},"cum_sum":${cumSum}}`,
    )
    expect(message).toBe(`[${expected.join(',')}]`)
    expect(rows).toHaveLength(30)
  })

  test('comes out the same whatever the order of the orders', () => {
    expect(processorOf(orders.toReversed()).message()).toBe(message)
  })

  test('has the golden totals', () => {
    const row = (side: string) => parseTickMessage(message)!.find((found) => found.side === side)!
    expect(row('buy_1').total).toBe('221760.479788')
    expect(row('sell_1').total).toBe('256024.7058825')
    expect(row('sell_2').cumSum).toBe('259610.0237972')
    expect(row('buy_15').cumSum).toBe('222966.6779423')
    expect(row('sell_15').cumSum).toBe('261611.2267042')
  })

  test('gives up its last levels when a better one comes', () => {
    const processor = processorOf([
      ...orders,
      { id: 99, side: 'SELL', price: '34045.249', size: '1' },
    ])
    const parsed = parseTickMessage(processor.message())!
    expect(parsed).toHaveLength(30)
    expect(parsed[1]).toMatchObject({ side: 'sell_1', price: '34045.249', cumSum: '34045.249' })
    expect(parsed[29]).toMatchObject({ side: 'sell_15', price: '34046.62' })
  })
})

describe('the tick message', () => {
  test('of an empty book is []', () => {
    const processor = processorOf([])
    expect(processor.message()).toBe('[]')
    accept(processor, openRecord({ id: 1 }))
    expect(processor.message()).not.toBe('[]')
    accept(processor, closedRecord(1))
    expect(processor.message()).toBe('[]')
    expect(processor.message()).toBe('[]')
  })

  test('goes on with one side where the other is shorter', () => {
    const sell = (id: number): PlainOrder => ({ id, side: 'SELL', price: `${10 + id}` })
    const buy = (id: number): PlainOrder => ({ id, side: 'BUY', price: `${10 - id}` })
    const sides = (orders: PlainOrder[]) =>
      parseTickMessage(processorOf(orders).message())!.map((row) => row.side)
    const sells = [sell(1), sell(2), sell(3)]
    expect(sides([...sells, buy(5)])).toEqual(['buy_1', 'sell_1', 'sell_2', 'sell_3'])
    expect(sides(sells)).toEqual(['sell_1', 'sell_2', 'sell_3'])
    expect(sides([buy(1), buy(2), sell(3)])).toEqual(['buy_1', 'sell_1', 'buy_2'])
  })

  test('sums the orders at one price, and keeps two symbols at one price apart', () => {
    const orders: PlainOrder[] = [
      { id: 1, symbol: 'B', price: '10', size: '1' },
      { id: 2, symbol: 'A', price: '10', size: '0.5' },
      { id: 3, symbol: 'B', price: '10', size: '0.25' },
    ]
    expect(processorOf(orders).message()).toBe(
      '[{"symbol":"A","side":"buy_1","price":10,"amount":0.5,"total":5,"cum_sum":5},' +
        '{"symbol":"B","side":"buy_1","price":10,"amount":1.25,"total":12.5,"cum_sum":12.5}]',
    )
  })

  test('has its symbols in byte order, whichever came first', () => {
    const symbols = ['b', 'ETH-USDT', 'a', 'B', 'ETH', 'ETH_USDT', '1', 'ETH/USDT', 'AA']
    const processor = processorOf(symbols.map((symbol, id) => ({ id, symbol })))
    const sorted = ['1', 'AA', 'B', 'ETH', 'ETH-USDT', 'ETH/USDT', 'ETH_USDT', 'a', 'b']
    expect(sidesOf(processor.message())).toEqual(sorted.map((symbol) => `${symbol} buy_1`))
    accept(processor, closedRecord(1))
    accept(processor, openRecord({ id: 100, symbol: 'Aa' }))
    const changed = ['1', 'AA', 'Aa', 'B', 'ETH', 'ETH/USDT', 'ETH_USDT', 'a', 'b']
    expect(sidesOf(processor.message())).toEqual(changed.map((symbol) => `${symbol} buy_1`))
  })

  test.each([1, 2, 15, 40, Number.POSITIVE_INFINITY])('has at most %d levels a side', (levels) => {
    const orders = Array.from({ length: 100 }, (_, id): PlainOrder => {
      return { id, side: id < 50 ? 'BUY' : 'SELL', price: `${1 + id}` }
    })
    const rows = parseTickMessage(processorOf(orders, levels).message())!
    expect(rows).toHaveLength(2 * Math.min(levels, 50))
    expect(rows[0]).toMatchObject({ side: 'buy_1', price: '50' })
    expect(rows.at(-1)).toMatchObject({ side: `sell_${Math.min(levels, 50)}` })
  })

  test('prints the smallest and the largest numbers without exponent or rounding', () => {
    const largest = '999999999999999999'
    const message = processorOf([
      { id: 1, price: '0.000000000000000001', size: '0.000000000000000001' },
      { id: 2, side: 'SELL', price: largest, size: largest },
      { id: 3, side: 'SELL', price: largest, size: '0.000000000000000001' },
    ]).message()
    expect(message).toBe(
      '[{"symbol":"BTC-USDT","side":"buy_1","price":0.000000000000000001,' +
        '"amount":0.000000000000000001,"total":0.000000000000000000000000000000000001,' +
        '"cum_sum":0.000000000000000000000000000000000001},' +
        '{"symbol":"BTC-USDT","side":"sell_1","price":999999999999999999,' +
        '"amount":999999999999999999.000000000000000001,' +
        '"total":999999999999999998000000000000000001.999999999999999999,' +
        '"cum_sum":999999999999999998000000000000000001.999999999999999999}]',
    )
  })
})

describe('a message in steps', () => {
  test('is the same, changed or not, whatever a step takes', () => {
    for (const stepLevels of [1, 2, 5, 1000]) {
      const processor = new OrderProcessor({
        ...{ levels: 2, limits: DEFAULT_LIMITS, seed: 1, stepLevels },
      })
      const whole = processorOf([], 2)
      const both = (record: Uint8Array) => {
        accept(processor, record)
        accept(whole, record)
      }
      for (let id = 0; id < 40; id++) {
        both(openRecord({ id, symbol: `S${id % 7}`, price: `${1 + (id % 11)}` }))
        if (id > 20) both(closedRecord(id - 20))
        if (id % 3 !== 0) continue
        const steps = processor.print()
        let count = 1
        let step = steps.next()
        for (; !step.done; step = steps.next()) count++
        const { message, stateHash } = step.value
        expect(new TextDecoder().decode(message)).toBe(whole.message())
        expect(stateHash).toBe(whole.stateHash())
        if (stepLevels === 1) expect(count).toBeGreaterThan(1)
      }
    }
  })

  test('takes no step where it is small', () => {
    expect(
      processorOf([{ id: 1 }])
        .print()
        .next().done,
    ).toBe(true)
  })
})

describe('crossed and locked books', () => {
  test('are shown as they are and named, in byte order, until they are no more', () => {
    const pair = (id: number, symbol: string, bid: string, ask: string): PlainOrder[] => [
      { id, symbol, side: 'BUY', price: bid },
      { id: id + 1, symbol, side: 'SELL', price: ask },
    ]
    const orders = [...pair(1, 'Z', '5', '4'), ...pair(3, 'A', '5', '5'), ...pair(5, 'M', '4', '5')]
    const processor = processorOf(orders)
    expect(sidesOf(processor.message())).toHaveLength(6)
    expect(processor.crossed).toEqual(['A', 'Z'])
    accept(processor, closedRecord(1))
    expect(processor.crossed).toEqual(['A', 'Z'])
    processor.message()
    expect(processor.crossed).toEqual(['A'])
    accept(processor, closedRecord(3))
    accept(processor, closedRecord(4))
    processor.message()
    expect(processor.crossed).toEqual([])
  })
})
