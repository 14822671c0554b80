/** The run job on a clock that the test moves: what it publishes, when, and where it ends. */
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import { FakeClock } from '../testing/fake-clock.js'
import {
  MemoryTransactions,
  type PublishedTick,
  progressOf,
  recordOf,
  START,
  startJob,
} from '../testing/memory-job.js'
import { parseTickMessage } from '../wire/tick-message.js'

const open = (id: number, price = 10) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"BUY","size":1,"price":${price},"status":"OPEN"}`

/** The topics as a process before this one has left them. */
function committed(change: Parameters<typeof progressOf>[0]): MemoryTransactions {
  const transactions = new MemoryTransactions()
  transactions.progress = progressOf(change)
  return transactions
}

const header = (tick: PublishedTick | undefined, name: string) => tick?.headers[name]

describe('run', () => {
  it('publishes one message a second, an empty book included, with exact headers', async () => {
    const { clock, source, transactions, stop } = await startJob()
    await clock.advance(1500)
    await source.feed(1, [open(1), 'junk', null])
    await clock.advance(1000)
    const summary = await stop()
    expect(transactions.ticks.map(({ tick }) => tick - START / 1000)).toEqual([1, 2])
    expect(transactions.ticks[0]?.value).toBe('[]')
    expect(transactions.ticks[1]?.value).toContain('"side":"buy_1","price":10,"amount":1,')
    expect(transactions.ticks[1]?.headers).toEqual({
      tick: String(START / 1000 + 2),
      offsets: '{"0":0,"1":3}',
      missed: '0',
      rejected: '1',
      crossed: '[]',
      version: '9.9.9',
    })
    expect(summary).toMatchObject({
      ticks: 2,
      missed: 0,
      records: 3,
      applied: 1,
      rejected: 1,
      tombstones: 1,
    })
  })

  it('applies nothing while a tick is printed in steps', async () => {
    const clock = new FakeClock(START)
    const job = await startJob({ clock }, { stepLevels: 2 })
    const bids = (from: number) => [1, 2, 3, 4, 5].map((price) => open(from + price, from + price))
    await job.source.feed(0, bids(0))
    await clock.advance(1)
    const yieldToAll = clock.yield.bind(clock)
    const waited: Promise<void>[] = []
    clock.yield = () => {
      // What comes between the first two steps waits until the tick is printed.
      if (waited.length === 0) waited.push(job.source.feed(0, bids(100)))
      return yieldToAll()
    }
    await clock.advance(999)
    // Each step of the work takes a turn of the loop, as each of these does.
    for (let turn = 0; turn < 40; turn++) await clock.advance(1)
    await Promise.all(waited)
    await clock.advance(960)
    for (let turn = 0; turn < 40; turn++) await clock.advance(1)
    await job.stop()
    const [first, second] = job.transactions.ticks
    expect(parseTickMessage(first!.value)).toHaveLength(5)
    expect(header(first, 'offsets')).toBe('{"0":5,"1":0}')
    expect(parseTickMessage(second!.value)).toHaveLength(10)
    expect(header(second, 'offsets')).toBe('{"0":10,"1":0}')
  })

  it('sends a rejected record on with its bytes, its reason and its place', async () => {
    const { clock, source, transactions, stop } = await startJob()
    await source.feed(0, [open(1), '{"order_id":1}'])
    await clock.advance(1000)
    await stop()
    const [letter] = transactions.deadLetters
    expect(new TextDecoder().decode(letter?.value ?? undefined)).toBe('{"order_id":1}')
    expect(letter?.headers).toEqual({
      reason: 'missing_field',
      detail: 'status',
      topic: 'orders',
      partition: '0',
      offset: '1',
      timestamp: '7',
    })
  })

  it('drops a tick that comes too late, sends progress without it, and reports what was missed', async () => {
    const { clock, source, transactions, stop } = await startJob()
    transactions.before = async (tick) => {
      if (tick?.tick === START / 1000 + 2) await clock.sleep(2500)
      return true
    }
    await source.feed(0, ['junk'])
    await clock.advance(5200)
    const summary = await stop()
    expect(transactions.ticks.map(({ tick }) => tick - START / 1000)).toEqual([1, 4, 5])
    expect(transactions.ticks.map((tick) => header(tick, 'missed'))).toEqual(['0', '2', '0'])
    expect(transactions.works.map(({ tick }) => tick !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(summary.missed).toBe(2)
  })

  it('never sends a failed tick again, and keeps its dead letters for the next', async () => {
    const { clock, source, transactions, stop } = await startJob()
    transactions.before = async (tick) => tick?.tick !== START / 1000 + 1
    await source.feed(0, ['junk'])
    await clock.advance(2000)
    await stop()
    expect(transactions.ticks.map(({ tick }) => tick - START / 1000)).toEqual([2])
    expect(transactions.deadLetters).toHaveLength(1)
    expect(header(transactions.ticks[0], 'rejected')).toBe('1')
    expect(
      transactions.works.map(({ tick, progress }) => [tick !== undefined, progress.rejected]),
    ).toEqual([
      [false, 1],
      [true, 0],
    ])
  })

  it('publishes surplus dead letters between ticks, so that any number of them drains', async () => {
    const { clock, source, transactions, stop } = await startJob()
    const fed = source.feed(0, new Array(35_000).fill('junk'))
    await clock.advance(0)
    await clock.advance(0)
    for (let turn = 0; turn < 100; turn++) await clock.yield()
    await fed
    expect(transactions.ticks).toHaveLength(0)
    expect(transactions.deadLetters.length).toBeGreaterThanOrEqual(30_000)
    await clock.advance(1000)
    await stop()
    expect(transactions.deadLetters.map(({ headers }) => headers.offset)).toEqual(
      Array.from({ length: 35_000 }, (_, offset) => String(offset)),
    )
  })

  it('applies a record that is delivered twice only once', async () => {
    const { clock, source, transactions, stop } = await startJob()
    await source.feed(0, [open(1), 'junk', open(2)])
    await source.redeliver(0, [recordOf('junk', 1)])
    await clock.advance(1000)
    const summary = await stop()
    expect(summary.records).toBe(3)
    expect(transactions.deadLetters).toHaveLength(1)
  })

  it('goes on after the last tick: none before it has caught up, no dead letter again', async () => {
    const { clock, source, transactions, stop } = await startJob({
      transactions: committed({ tick: START / 1000 - 5, offsets: [2, 0], rejected: 3 }),
    })
    await clock.advance(1000)
    await source.feed(0, ['junk'])
    await clock.advance(1000)
    expect(transactions.ticks).toHaveLength(0)
    await source.feed(0, [open(1), 'junk'])
    await clock.advance(1000)
    await stop()
    // The second in which it has caught up has had no tick yet, so it gets one at once.
    expect(transactions.ticks.map(({ tick }) => tick - START / 1000)).toEqual([2, 3])
    expect(transactions.ticks.map((tick) => header(tick, 'missed'))).toEqual(['6', '0'])
    // One now, and three that the process before had rejected after its last tick.
    const rejected = transactions.ticks.map((tick) => Number(header(tick, 'rejected')))
    expect(rejected.reduce((sum, count) => sum + count)).toBe(4)
    expect(transactions.deadLetters.map(({ headers }) => headers.offset)).toEqual(['2'])
  })

  it.each([
    ['is shorter than what was read of it', [11, 0], /orders\[0\] ends at offset 10/],
    ['has other partitions', [0], /orders has 2 partitions, and the job knows 1/],
  ])('ends where the input %s', async (_, offsets, message) => {
    const { stop } = await startJob({ transactions: committed({ tick: 7, offsets }) })
    await expect(stop()).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringMatching(message),
    })
  })

  it('leaves within its grace when a commit hangs', async () => {
    const { clock, transactions, stop } = await startJob()
    transactions.before = () => new Promise(() => {})
    await clock.advance(1000)
    const stopped = stop()
    await clock.advance(2000)
    await expect(stopped).resolves.toMatchObject({ ticks: 0 })
  })

  it('ends, saying how large the book is, where a tick is above the limit', async () => {
    const { clock, source, transactions, stop } = await startJob()
    transactions.before = async () => {
      throw new DepthlineError('TICK_TOO_LARGE', 'a tick of 17 MB')
    }
    await source.feed(0, [open(1)])
    await clock.advance(1000)
    await expect(stop()).rejects.toThrow(/17 MB: 1 symbols × 15 levels a side/)
  })

  it('ends where a cap on what must be remembered is passed', async () => {
    const limits = { ...DEFAULT_LIMITS, maxOpenOrders: 1 }
    const { source, stop } = await startJob({}, { limits })
    await source.feed(0, [open(1), open(2)])
    await expect(stop()).rejects.toMatchObject({ code: 'LIMIT_PASSED' })
  })
})
