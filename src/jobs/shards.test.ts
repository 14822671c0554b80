/** Shards over an input, topics and a group in memory, on a clock that the test moves. */
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged, MemorySnapshots, MemorySource, progressOf, START } from '../testing/memory-job.js'
import { MemoryShardGroup, MemoryShardLog } from '../testing/memory-shards.js'
import { closedRecord, openRecord, type PlainOrder } from '../testing/order-events.js'
import { runShards } from './shards.js'

const SECOND = START / 1000

describe('a shard', () => {
  it('publishes changed levels as what they are, and a mark behind them, each second', async () => {
    const { source, log, assign, advance, stop } = start()
    await assign([1])
    await source.feed(1, [open({ id: 1, price: '5', size: '2' }), open({ id: 2, price: '5' })])
    await advance(1_000)
    await source.feed(1, [close(1), open({ id: 3, side: 'SELL', price: '9' }), 'broken'])
    await advance(1_000)
    await source.feed(1, [close(2)])
    await advance(2_000)
    await stop()

    expect(log.levels).toEqual([
      [{ key: '1 BTC-USDT BUY 5', value: '3' }],
      [
        { key: '1 BTC-USDT BUY 5', value: '1' },
        { key: '1 BTC-USDT SELL 9', value: '1' },
      ],
      [{ key: '1 BTC-USDT BUY 5', value: null }],
      [],
    ])
    expect(log.marks).toMatchObject([
      { tick: SECOND + 1, offset: 2, openOrders: 2, rejected: 0 },
      { tick: SECOND + 2, offset: 5, openOrders: 2, rejected: 1 },
      { tick: SECOND + 3, offset: 6, openOrders: 1, rejected: 1 },
      { tick: SECOND + 4, offset: 6, openOrders: 1, rejected: 1 },
    ])
    expect(log.deadLetters).toHaveLength(1)
    expect(log.progress).toMatchObject({ tick: SECOND + 4, offsets: [0, 6] })
  })

  it('keeps what a commit that failed held, and publishes late what is still true', async () => {
    const { source, log, assign, advance, stop } = start()
    await assign([1])
    await advance(1_000)
    log.isAway = true
    await source.feed(1, [open({ id: 1, price: '5' }), open({ id: 2, price: '6' })])
    await advance(2_000)
    log.isAway = false
    await source.feed(1, [close(2), open({ id: 3, price: '7' })])
    await advance(2_500)
    await stop()

    const published = new Map(log.levels.flat().map(({ key, value }) => [key, value]))
    expect(Object.fromEntries(published)).toEqual({
      '1 BTC-USDT BUY 5': '1',
      '1 BTC-USDT BUY 6': null,
      '1 BTC-USDT BUY 7': '1',
    })
    expect(log.marks.at(-1)).toMatchObject({ offset: 4, openOrders: 2 })
  })

  it('never goes back to an earlier second, though its clock does', async () => {
    const { log, clock, assign, advance, stop } = start()
    await assign([1])
    await advance(1_000)
    // The commit is not done, and goes again between two seconds, by a clock that is ahead.
    log.isAway = true
    clock.stepWall({ at: clock.monotonic() + 1_500, byMs: 4_000 })
    await advance(1_600)
    log.isAway = false
    log.beforeCommit = async () => {
      log.beforeCommit = async () => {}
      clock.stepWall({ at: clock.monotonic() + 5, byMs: -4_000 })
      await clock.sleep(10)
    }
    await advance(9_000)
    await stop()
    const ticks = log.marks.map(({ tick }) => tick)
    expect(ticks.slice(0, 4)).toEqual([SECOND + 1, SECOND + 6, SECOND + 6, SECOND + 6])
  })

  it('goes on where another process was, and publishes nothing of it again', async () => {
    const first = start()
    await first.assign([1])
    const values = [open({ id: 1, price: '5' }), 'broken', open({ id: 2, price: '6' })]
    await first.source.feed(1, values)
    await first.advance(1_000)
    await first.stop()
    const { log } = first
    const second = start({ log })
    const known = log.levels.length
    await second.assign([1])
    await second.source.feed(1, [...values, close(1), 'broken'])
    await second.advance(2_000)
    await second.stop()

    expect(log.levels.slice(known).flat()).toEqual([{ key: '1 BTC-USDT BUY 5', value: null }])
    expect(log.marks.at(-1)).toMatchObject({ offset: 5, openOrders: 1, rejected: 2 })
    expect(log.deadLetters.map(({ headers }) => headers.offset)).toEqual(['1', '4'])
  })

  it('begins behind what one process has committed, whose dead letters are published', async () => {
    const { source, log, assign, advance, stop } = start()
    log.jobProgress = progressOf({ tick: SECOND - 9, offsets: [7, 2], lastRecords: ['', ''] })
    await assign([1])
    await source.feed(1, ['broken', open({ id: 1, price: '5' }), 'broken'])
    await advance(1_000)
    await stop()

    expect(log.levels.flat()).toEqual([{ key: '1 BTC-USDT BUY 5', value: '1' }])
    expect(log.deadLetters.map(({ headers }) => headers.offset)).toEqual(['2'])
    expect(log.marks.at(-1)).toMatchObject({ offset: 3, rejected: 2 })
  })
})

describe('a process with shards', () => {
  it('stops the shard of a partition that is taken away, and begins it again', async () => {
    const { log, assign, advance, stop } = start()
    await assign([1])
    await advance(1_500)
    await assign([])
    await advance(3_000)
    expect(log.marks.map(({ tick }) => tick)).toEqual([SECOND + 1])
    await assign([1])
    await advance(2_000)
    expect(log.marks.map(({ tick }) => tick)).toEqual([1, 4, 5, 6].map((at) => SECOND + at))
    expect(await stop()).toMatchObject({ takeovers: 2, commits: 4 })
  })

  it('does not end where another process takes a partition over, and tries again', async () => {
    const { log, lines, assign, advance, stop } = start()
    await assign([1])
    await advance(1_500)
    log.takeOver('another process')
    await advance(2_600)
    expect(lines).toContain('shard lost')
    await advance(3_000)
    expect(log.progress!.owner).toMatch(/^this process/)
    await stop()
  })

  it('leaves the group when it is told to stop', async () => {
    const { group, assign, stop } = start()
    await assign([1])
    await stop()
    expect(group.hasLeft).toBe(true)
  })

  it('ends where a partition can never go on', async () => {
    const { source, done, group, assign } = start()
    source.lows = [0, 5]
    await assign([1])
    const error = await done.catch((reason) => reason)
    expect(error).toBeInstanceOf(DepthlineError)
    expect(error).toMatchObject({ code: 'LOG_LOST' })
    expect(group.hasLeft).toBe(true)
  })

  it('ends where the input has got another partition', async () => {
    const { done, assign } = start()
    await assign([2])
    await expect(done).rejects.toMatchObject({ code: 'LOG_LOST' })
  })
})

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const open = (order: PlainOrder) => text(openRecord(order))
const close = (id: number) => text(closedRecord(id))

function start({ log = new MemoryShardLog() }: { log?: MemoryShardLog } = {}) {
  const source = new MemorySource()
  const group = new MemoryShardGroup()
  const clock = new FakeClock(START)
  const logged = new Logged()
  const stopping = new AbortController()
  const opened = { source, transactions: log, snapshots: [new MemorySnapshots()] }
  const done = runShards(
    { group, open: async () => opened, clock, log: logged },
    {
      ...{ job: 'order-book', owner: 'this process', version: '9.9.9', random: () => 0.5 },
      ...{ partitions: 2, limits: DEFAULT_LIMITS, seed: 1, snapshotSeconds: 30, rebuild: false },
    },
    stopping.signal,
  )
  done.catch(() => {})
  const advance = (ms: number) => clock.advance(ms)
  const assign = async (partitions: readonly number[]) => {
    group.assign(partitions)
    await advance(0)
  }
  const stop = async () => {
    stopping.abort()
    await advance(1_000)
    return done
  }
  return { source, log, group, clock, lines: logged.lines, done, advance, assign, stop }
}
