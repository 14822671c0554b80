import { describe, expect, test } from 'vitest'
import { DepthlineError } from '../errors.js'
import { closedEvent, openEvent, type PlainOrder } from '../testing/order-events.js'
import { DEFAULT_LIMITS, OrderBooks, type OrderBooksLimits } from './order-books.js'
import { OUTCOME_NAMES, type OutcomeName } from './outcome.js'

class LimitedBooks {
  readonly books: OrderBooks

  constructor(limits: Partial<OrderBooksLimits>) {
    this.books = new OrderBooks({ ...DEFAULT_LIMITS, ...limits }, 1)
  }

  open(id: number | string, partition = 0, order: Partial<PlainOrder> = {}): OutcomeName {
    return OUTCOME_NAMES[this.books.apply(openEvent({ id, ...order }), partition)]!
  }

  close(id: number | string, partition = 0): OutcomeName {
    return OUTCOME_NAMES[this.books.apply(closedEvent(id), partition)]!
  }

  openAndClose(id: number | string, partition = 0): void {
    expect(this.open(id, partition)).toBe('opened')
    expect(this.close(id, partition)).toBe('closed')
  }
}

function errorOf(action: () => unknown): DepthlineError {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(DepthlineError)
    return error as DepthlineError
  }
  throw new Error('it did not throw')
}

describe('a cap', () => {
  test('on open orders stops the one too many with LIMIT_PASSED, exit code 4 and the flag to raise', () => {
    const books = new LimitedBooks({ maxOpenOrders: 2 })
    books.open(1)
    books.open('x')
    const error = errorOf(() => books.open(3))
    expect(error.code).toBe('LIMIT_PASSED')
    expect(error.exitCode).toBe(4)
    expect(error.message).toContain('2 open orders')
    expect(error.message).toContain('--max-open-orders')
    expect(books.books.openOrders).toBe(2)
  })

  test('on open orders lets through whatever adds none', () => {
    const books = new LimitedBooks({ maxOpenOrders: 2 })
    books.open(1)
    books.open(2)
    expect(books.open(1)).toBe('duplicate_open')
    expect(books.open(1, 0, { price: '5' })).toBe('amended')
    expect(books.open(1, 1)).toBe('supersedes')
    expect(books.close(9)).toBe('close_before_open')
    expect(books.open(9)).toBe('closed_on_arrival')
    expect(books.close(2)).toBe('closed')
    expect(books.open(2)).toBe('order_already_closed')
    expect(books.open(3)).toBe('opened')
  })

  test('on waiting closes stops the one too many with LIMIT_PASSED', () => {
    const books = new LimitedBooks({ maxWaitingCloses: 2 })
    books.close(1)
    books.close('x')
    expect(books.close(1)).toBe('duplicate_close')
    const error = errorOf(() => books.close(3))
    expect(error.code).toBe('LIMIT_PASSED')
    expect(error.message).toContain('2 waiting closes')
    expect(error.message).toContain('--max-waiting-closes')
    expect(books.open(1)).toBe('closed_on_arrival')
    expect(books.close(3)).toBe('close_before_open')
  })
})

describe('the window of closed ids', () => {
  test.each([
    ['numbers', (id: number) => id],
    ['texts', (id: number) => `id-${id}`],
  ])('forgets the oldest close, after which the id is unknown again, for %s', (_, idOf) => {
    const books = new LimitedBooks({ closedWindow: 3 })
    for (let id = 1; id <= 3; id++) books.openAndClose(idOf(id))
    expect(books.open(idOf(1))).toBe('order_already_closed')
    books.openAndClose(idOf(4))
    expect(books.open(idOf(2))).toBe('order_already_closed')
    expect(books.open(idOf(1))).toBe('opened')
  })

  test('is moved on only by closes that change something', () => {
    const books = new LimitedBooks({ closedWindow: 2 })
    books.openAndClose(1)
    books.openAndClose(2)
    for (let round = 0; round < 5; round++) {
      books.close(1)
      books.close(2)
      books.open(1)
      books.close(100 + round)
      books.open(200 + round)
    }
    expect(books.open(1)).toBe('order_already_closed')
  })

  test('is moved on by an OPEN that is closed on arrival', () => {
    const books = new LimitedBooks({ closedWindow: 2 })
    books.openAndClose(1)
    books.openAndClose(2)
    books.close(3)
    expect(books.open(1)).toBe('order_already_closed')
    expect(books.open(3)).toBe('closed_on_arrival')
    expect(books.open(1)).toBe('opened')
    expect(books.open(3)).toBe('order_already_closed')
  })

  test('is that of the partition whose record closed the order', () => {
    const books = new LimitedBooks({ closedWindow: 1 })
    books.open('a', 0)
    books.close('a', 1)
    books.close('b', 0)
    books.open('b', 2)
    books.openAndClose('c', 0)
    expect(books.open('a', 0)).toBe('order_already_closed')
    expect(books.open('b', 0)).toBe('order_already_closed')
    books.openAndClose('d', 1)
    expect(books.open('a', 0)).toBe('opened')
    books.openAndClose('e', 2)
    expect(books.open('b', 0)).toBe('opened')
    expect(books.open('c', 1)).toBe('order_already_closed')
  })

  test('never forgets a close that still waits, nor an open order', () => {
    const books = new LimitedBooks({ closedWindow: 1 })
    books.close('waiting')
    books.open('open')
    for (let id = 0; id < 1000; id++) books.openAndClose(id)
    expect(books.open('waiting')).toBe('closed_on_arrival')
    expect(books.open('open')).toBe('duplicate_open')
  })
})
