import { describe, expect, test } from 'vitest'
import { closedEvent, openEvent, type PlainOrder } from '../testing/order-events.js'
import { TickPrinter } from '../wire/tick-message.js'
import { DEFAULT_LIMITS, OrderBooks } from './order-books.js'
import { countsAs, OUTCOME_NAMES, Outcome, type OutcomeName } from './outcome.js'

/** Books that speak in names: what became of each event, and what the book holds. */
class NamedBooks {
  readonly books = new OrderBooks(DEFAULT_LIMITS, 1)
  readonly #printer = new TickPrinter(this.books, Number.POSITIVE_INFINITY)

  open(order: PlainOrder, partition = 0): OutcomeName {
    return OUTCOME_NAMES[this.books.apply(openEvent(order), partition)]!
  }

  close(id: number | string, partition = 0): OutcomeName {
    return OUTCOME_NAMES[this.books.apply(closedEvent(id), partition)]!
  }

  /** `symbol side price amount` of each level. */
  rows(): string[] {
    const rows = JSON.parse(this.#printer.print()) as Record<string, string | number>[]
    return rows.map(({ symbol, side, price, amount }) => `${symbol} ${side} ${price} ${amount}`)
  }
}

describe('an OPEN', () => {
  test('of an unknown id is opened', () => {
    const books = new NamedBooks()
    expect(books.open({ id: 1, size: '2', price: '10' })).toBe('opened')
    expect(books.rows()).toEqual(['BTC-USDT buy_1 10 2'])
  })

  test('that says again what is open is a duplicate_open', () => {
    const books = new NamedBooks()
    books.open({ id: 1, side: 'SELL', size: '1', price: '2.5' })
    expect(books.open({ id: 1, side: 'SELL', size: '1', price: '2.5' })).toBe('duplicate_open')
    expect(books.rows()).toEqual(['BTC-USDT sell_1 2.5 1'])
  })

  test.each<[string, PlainOrder, string]>([
    ['side', { id: 1, side: 'SELL', size: '2', price: '10' }, 'BTC-USDT sell_1 10 2'],
    ['price', { id: 1, side: 'BUY', size: '2', price: '10.5' }, 'BTC-USDT buy_1 10.5 2'],
    ['size', { id: 1, side: 'BUY', size: '0.2', price: '10' }, 'BTC-USDT buy_1 10 0.2'],
    [
      'size by its upper digits',
      { id: 1, size: '5000000002', price: '10' },
      'BTC-USDT buy_1 10 5000000002',
    ],
  ])(
    'with another %s is amended: the old contribution goes, the new one comes',
    (_, order, row) => {
      const books = new NamedBooks()
      books.open({ id: 1, side: 'BUY', size: '2', price: '10' })
      expect(books.rows()).toEqual(['BTC-USDT buy_1 10 2'])
      expect(books.open(order)).toBe('amended')
      expect(books.rows()).toEqual([row])
    },
  )

  test('under another symbol is symbol_changed, and the open order stays', () => {
    const books = new NamedBooks()
    books.open({ id: 1, symbol: 'A', price: '10' })
    expect(books.open({ id: 1, symbol: 'B', price: '10' })).toBe('symbol_changed')
    expect(books.rows()).toEqual(['A buy_1 10 1'])
    expect(books.close(1)).toBe('closed')
    expect(books.rows()).toEqual([])
  })

  test.each<[string, PlainOrder]>([
    ['the same order', { id: 1, price: '10' }],
    ['another price', { id: 1, price: '11' }],
    ['another symbol', { id: 1, symbol: 'B', price: '10' }],
  ])('from a higher partition supersedes the open one, also with %s', (_, order) => {
    const books = new NamedBooks()
    books.open({ id: 1, price: '10' }, 1)
    expect(books.open(order, 2)).toBe('supersedes')
    expect(books.rows()).toEqual([`${order.symbol ?? 'BTC-USDT'} buy_1 ${order.price} 1`])
    expect(books.open({ id: 1, price: '99' }, 1)).toBe('superseded')
    expect(books.open(order, 2)).toBe('duplicate_open')
  })

  test('from a lower partition is superseded, whatever it holds', () => {
    const books = new NamedBooks()
    books.open({ id: 1, price: '10' }, 3)
    expect(books.open({ id: 1, price: '10' }, 2)).toBe('superseded')
    expect(books.open({ id: 1, symbol: 'B', price: '5' }, 0)).toBe('superseded')
    expect(books.rows()).toEqual(['BTC-USDT buy_1 10 1'])
  })

  test('whose close came first is closed_on_arrival, and the id counts as closed', () => {
    const books = new NamedBooks()
    books.close(1)
    expect(books.open({ id: 1 })).toBe('closed_on_arrival')
    expect(books.rows()).toEqual([])
    expect(books.books.waitingCloses).toBe(0)
    expect(books.open({ id: 1 })).toBe('order_already_closed')
    expect(books.close(1)).toBe('duplicate_close')
  })

  test('of a closed id is order_already_closed', () => {
    const books = new NamedBooks()
    books.open({ id: 1 })
    books.close(1)
    expect(books.open({ id: 1, price: '5' })).toBe('order_already_closed')
    expect(books.rows()).toEqual([])
  })
})

describe('a CLOSED', () => {
  test('of an open id is closed, from whichever partition it comes', () => {
    const books = new NamedBooks()
    books.open({ id: 1 }, 2)
    books.open({ id: 2 }, 0)
    expect(books.close(1, 0)).toBe('closed')
    expect(books.close(2, 1)).toBe('closed')
    expect(books.rows()).toEqual([])
    expect(books.books.openOrders).toBe(0)
  })

  test('of an unknown id is close_before_open, remembered until its OPEN comes', () => {
    const books = new NamedBooks()
    expect(books.close('x')).toBe('close_before_open')
    expect(books.books.waitingCloses).toBe(1)
    for (let id = 0; id < 1000; id++) books.open({ id })
    expect(books.open({ id: 'x' })).toBe('closed_on_arrival')
  })

  test('of an id that is closed or whose close is remembered is a duplicate_close', () => {
    const books = new NamedBooks()
    books.open({ id: 1 })
    books.close(1)
    expect(books.close(1)).toBe('duplicate_close')
    books.close(2)
    expect(books.close(2)).toBe('duplicate_close')
    expect(books.close(2, 3)).toBe('duplicate_close')
    expect(books.books.waitingCloses).toBe(1)
  })
})

describe('the ids of orders', () => {
  test('are their texts: "01" and 1 are two, 2^53 and 2^53 + 1 are two', () => {
    const books = new NamedBooks()
    for (const id of [1, '01', Number.MAX_SAFE_INTEGER, '9007199254740992', '9007199254740993']) {
      expect(books.open({ id })).toBe('opened')
    }
    expect(books.rows()).toEqual(['BTC-USDT buy_1 100 5'])
    expect(books.close('9007199254740993')).toBe('closed')
    expect(books.rows()).toEqual(['BTC-USDT buy_1 100 4'])
  })
})

describe('outcomes', () => {
  test('count as the event table of the design says', () => {
    const named = (kind: string) =>
      OUTCOME_NAMES.filter((name) => countsAs(Outcome[name]) === kind).sort()
    expect(named('applied')).toEqual([
      'amended',
      'close_before_open',
      'closed',
      'closed_on_arrival',
      'opened',
      'supersedes',
    ])
    expect(named('ignored')).toEqual(['duplicate_close', 'duplicate_open', 'superseded'])
    expect(named('rejected')).toEqual(['order_already_closed', 'symbol_changed'])
  })

  test('tell how often an id came from another partition than the one that holds it', () => {
    const books = new NamedBooks()
    books.open({ id: 1 }, 0)
    books.open({ id: 1, price: '5' }, 0)
    books.close(1, 0)
    books.close(2, 1)
    books.open({ id: 2 }, 1)
    expect(books.books.partitionCrossings).toBe(0)
    books.open({ id: 3 }, 0)
    books.open({ id: 3 }, 1)
    books.open({ id: 3 }, 0)
    books.close(3, 0)
    books.close(4, 0)
    books.open({ id: 4 }, 1)
    expect(books.books.partitionCrossings).toBe(4)
  })
})

describe('the books of all symbols', () => {
  test('are there only while they hold an order, and say which changed', () => {
    const { books } = new NamedBooks()
    books.apply(openEvent({ id: 1, symbol: 'A' }), 0)
    books.apply(openEvent({ id: 2, symbol: 'B', side: 'SELL' }), 0)
    expect([...books.books()].map((book) => book.symbol).sort()).toEqual(['A', 'B'])
    expect([...books.takeChangedSymbols()].sort()).toEqual(['A', 'B'])
    expect([...books.takeChangedSymbols()]).toEqual([])
    books.apply(closedEvent(1), 0)
    expect([...books.takeChangedSymbols()]).toEqual(['A'])
    expect(books.book('A')).toBeUndefined()
    expect(books.book('B')?.asks.size).toBe(1)
    expect([...books.books()].map((book) => book.symbol)).toEqual(['B'])
  })

  test('keep symbols apart that take the places of emptied ones', () => {
    const books = new NamedBooks()
    for (let round = 0; round < 50; round++) {
      books.open({ id: 1 + 2 * round, symbol: `S${round}`, price: '7' })
      books.open({ id: 2 + 2 * round, symbol: `T${round}`, side: 'SELL', price: '7' })
      expect(books.rows()).toEqual([`S${round} buy_1 7 1`, `T${round} sell_1 7 1`])
      books.close(1 + 2 * round)
      books.close(2 + 2 * round)
      if (round % 2 === 0) expect(books.rows()).toEqual([])
    }
  })
})
