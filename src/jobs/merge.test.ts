/** The merger over topics in memory, on a clock that the test moves. */
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged, MemoryTransactions, progressOf, START } from '../testing/memory-job.js'
import { levelOf, MemoryLevels } from '../testing/memory-levels.js'
import type { Mark } from '../wire/level-record.js'
import { type MergeOptions, merge } from './merge.js'

const SECOND = START / 1000
const HOUR_MS = 3_600_000

describe('the merger', () => {
  it('ticks only when every partition has had a mark', async () => {
    const { levels, transactions, log, advance, stop } = start()
    levels.publish(0, [levelOf('0 S BUY 1', '2')], { tick: SECOND, offset: 1 })
    await advance(11_500)
    expect(transactions.ticks).toEqual([])
    expect(log.lines).toContain('waiting for the shards of these partitions')
    levels.publish(1, [levelOf('1 S BUY 1', '0.5')], { tick: SECOND + 12, offset: 3 })
    levels.publish(0, [], { tick: SECOND + 12, offset: 1 })
    await advance(500)
    expect(transactions.ticks).toHaveLength(1)
    expect(transactions.ticks[0]).toMatchObject({
      tick: SECOND + 12,
      value: '[{"symbol":"S","side":"buy_1","price":1,"amount":2.5,"total":2.5,"cum_sum":2.5}]',
      headers: { offsets: '{"0":1,"1":3}', missed: '0', rejected: '0', crossed: '[]' },
    })
    expect(transactions.ticks[0]!.headers.stale).toBeUndefined()
    await stop()
  })

  it('waits for marks behind what is committed already', async () => {
    const transactions = new MemoryTransactions()
    transactions.progress = progressOf({ tick: SECOND - 5, offsets: [5, 5], lastRecords: ['', ''] })
    const { levels, advance, stop } = start({ transactions })
    levels.publish(0, [], { tick: SECOND, offset: 9 })
    levels.publish(1, [], { tick: SECOND, offset: 4 })
    await advance(3_000)
    expect(transactions.ticks).toEqual([])
    levels.publish(1, [], { tick: SECOND + 3, offset: 5 })
    await advance(700)
    expect(transactions.ticks.map(({ headers }) => headers.offsets)).toEqual(['{"0":9,"1":5}'])
    await stop()
  })

  it('waits 600 ms for a partition, then goes without it and says how old it is', async () => {
    const { levels, transactions, advance, stop } = await running()
    levels.publish(0, [levelOf('0 S BUY 1', '7')], { tick: SECOND + 2, offset: 8 })
    await advance(590)
    expect(transactions.ticks).toHaveLength(1)
    await advance(20)
    expect(transactions.ticks[1]).toMatchObject({
      tick: SECOND + 2,
      headers: { stale: '{"1":1}', offsets: '{"0":8,"1":1}' },
    })
    await advance(1_000)
    expect(transactions.ticks[2]!.headers.stale).toBe('{"0":1,"1":2}')
    await stop()
  })

  it('ticks as soon as all marks of the second have come', async () => {
    const { levels, transactions, advance, stop } = await running()
    await advance(100)
    for (const partition of [0, 1]) levels.publish(partition, [], { tick: SECOND + 2, offset: 2 })
    await advance(0)
    expect(transactions.ticks).toHaveLength(2)
    await stop()
  })

  it('shows nothing of a later second, nor of levels whose mark has not come', async () => {
    const { levels, transactions, advance, stop } = await running()
    levels.publish(0, [levelOf('0 S BUY 3', '1')], { tick: SECOND + 3, offset: 9 })
    levels.publish(1, [levelOf('1 S BUY 4', '1')])
    await advance(700)
    expect(transactions.ticks[1]).toMatchObject({
      value: '[]',
      headers: { offsets: '{"0":1,"1":1}' },
    })
    levels.publish(1, [], { tick: SECOND + 3, offset: 9 })
    await advance(1_000)
    expect(transactions.ticks[2]!.value).toContain('"price":4')
    expect(transactions.ticks[2]!.value).toContain('"price":3')
    await stop()
  })

  it('counts what all shards have rejected since the last tick, whoever published that', async () => {
    const transactions = new MemoryTransactions()
    const before = { tick: SECOND - 5, offsets: [1, 1], lastRecords: ['', ''] }
    transactions.progress = progressOf({ ...before, rejectedInAll: 12, rejected: 2 })
    const { levels, advance, stop } = start({ transactions })
    publishBoth(levels, { tick: SECOND + 1, offset: 2, rejected: 7 })
    await advance(1_100)
    publishBoth(levels, { tick: SECOND + 2, offset: 3, rejected: 8 })
    await advance(1_000)
    // The second in which it began had no tick yet.
    expect(transactions.ticks.map(({ headers }) => headers.rejected)).toEqual(['4', '0', '2'])
    expect(transactions.progress).toMatchObject({ rejected: 0, rejectedInAll: 16 })
    await stop()
  })

  it('drops a tick that cannot be committed in its second, and counts it with the next', async () => {
    const { levels, transactions, clock, advance, stop } = await running()
    transactions.before = async (tick) => {
      if (tick?.tick === SECOND + 2) await clock.sleep(1_200)
      return true
    }
    publishBoth(levels, { tick: SECOND + 2, offset: 2 })
    await advance(1_500)
    publishBoth(levels, { tick: SECOND + 3, offset: 3 })
    await advance(500)
    expect(transactions.ticks.map(({ tick }) => tick)).toEqual([SECOND + 1, SECOND + 3])
    expect(transactions.ticks[1]!.headers.missed).toBe('1')
    expect(await stop()).toMatchObject({ ticks: 2, missed: 1 })
  })

  it('believes a shard whose clock is far ahead, without waiting for its seconds', async () => {
    const { levels, transactions, advance, stop } = await running()
    levels.publish(0, [], { tick: SECOND + 3_600, offset: 50 })
    levels.publish(1, [], { tick: SECOND + 2, offset: 2 })
    await advance(1_000)
    expect(transactions.ticks[1]!.headers.offsets).toBe('{"0":50,"1":2}')
    await stop()
  })

  it('calls no part old for a second after a mark of a shard whose clock is far ahead', async () => {
    const { levels, transactions, advance, stop } = await running()
    for (let second = 2; second < 6; second++) {
      levels.publish(0, [], { tick: SECOND + second, offset: second })
      // Past the grace of its second, as a shard whose own clock is held may be.
      await advance(800)
      levels.publish(1, [], { tick: SECOND + 50 + second, offset: second })
      await advance(200)
    }
    const stale = transactions.ticks.map(({ headers }) => headers.stale)
    expect(stale).toEqual([undefined, '{"1":1}', undefined, undefined, undefined])
    await stop()
  })

  it('measures the age of a part by its clock, where the ticks are ahead of that', async () => {
    const transactions = new MemoryTransactions()
    const before = { tick: SECOND + 40, offsets: [1, 1], lastRecords: ['', ''] }
    transactions.progress = progressOf(before)
    const { levels, advance, stop } = start({ transactions })
    for (const second of [0, 1, 2]) {
      publishBoth(levels, { tick: SECOND + second, offset: 1 + second })
      await advance(1_000)
    }
    levels.publish(0, [], { tick: SECOND + 3, offset: 9 })
    await advance(700)
    expect(transactions.ticks.map(({ tick, headers }) => [tick - SECOND, headers])).toMatchObject([
      [41, { clock: 'held', offsets: '{"0":2,"1":2}' }],
      [42, { clock: 'held', offsets: '{"0":3,"1":3}' }],
      [43, { clock: 'held', offsets: '{"0":9,"1":3}', stale: '{"1":1}' }],
    ])
    expect(transactions.ticks[0]!.headers.stale).toBeUndefined()
    expect(transactions.ticks[1]!.headers.stale).toBeUndefined()
    await stop()
  })

  it('reads the topic from its start again where it has not come to its end for too long', async () => {
    const { levels, transactions, log, clock, advance, stop } = await running()
    const [reader] = levels.readers
    const ends = reader!.ends.bind(reader)
    // Kafka does not say where the end is, and so there is no telling what was missed.
    reader!.ends = async () => {
      await clock.sleep(HOUR_MS)
      return ends()
    }
    await advance(HOUR_MS + 10_000)
    expect(log.lines).toContain('fallen behind: reading the levels from the start')
    expect(levels.readers).toHaveLength(2)
    const before = transactions.ticks.length
    publishBoth(levels, { tick: Math.floor(clock.now() / 1000), offset: 5 })
    await advance(2_000)
    expect(transactions.ticks.length).toBeGreaterThan(before)
    expect(transactions.ticks.at(-1)!.headers.offsets).toBe('{"0":5,"1":5}')
    await stop()
  })

  it('knows nothing of the end of another reading than the one that was broken off', async () => {
    const { levels, transactions, log, advance, stop } = start({}, { maxBehindMs: 20_000 })
    publishBoth(levels, { tick: SECOND + 1, offset: 1 })
    await advance(2_000)
    // This reading waits for records that do not come, until it is too far behind.
    levels.readers[0]!.ends = async () => [100, 100]
    const open = levels.open.bind(levels)
    levels.open = async () => Object.assign(await open(), { ends: () => new Promise(() => {}) })
    await advance(20_000)
    const before = transactions.ticks.length
    for (const second of [22, 23, 24]) {
      publishBoth(levels, { tick: SECOND + second, offset: second })
      await advance(1_000)
    }
    expect(log.lines).toContain('fallen behind: reading the levels from the start')
    expect(transactions.ticks.length).toBe(before)
    await stop()
  })

  it('ends where the topic holds something else, and names the place', async () => {
    const { levels, done, advance } = start()
    levels.publish(1, [levelOf('nonsense', 'x')])
    await advance(0)
    await expect(done).rejects.toThrow('order-book.levels[1] at offset 0 is no record of a shard')
  })

  it('takes over as a standby when the ticks end, with the books that it has kept', async () => {
    const first = await running()
    const { levels, transactions, clock, advance } = first
    const standby = start({ levels: new MemoryLevels(2), transactions, clock }, { standby: true })
    publishBoth(standby.levels, { tick: SECOND + 1, offset: 1 })
    publishBoth(levels, { tick: SECOND + 2, offset: 2 })
    publishBoth(standby.levels, { tick: SECOND + 2, offset: 2 })
    await advance(1_000)
    await first.stop()
    publishBoth(standby.levels, { tick: SECOND + 7, offset: 7 })
    await advance(5_000)
    const ticks = transactions.ticks.map(({ tick }) => tick)
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b))
    expect(new Set(ticks).size).toBe(ticks.length)
    expect(transactions.ticks.at(-1)!.headers.offsets).toBe('{"0":7,"1":7}')
    await standby.stop()
  })
})

/** One that has published its first tick, and whose clock stands at the next second. */
async function running() {
  const merger = start()
  publishBoth(merger.levels, { tick: SECOND + 1, offset: 1 })
  await merger.advance(2_000)
  expect(merger.transactions.ticks).toHaveLength(1)
  return merger
}

function publishBoth(levels: MemoryLevels, mark: Partial<Mark>): void {
  for (const partition of [0, 1]) levels.publish(partition, [], mark)
}

function start(
  given: { levels?: MemoryLevels; transactions?: MemoryTransactions; clock?: FakeClock } = {},
  change: Partial<MergeOptions> = {},
) {
  const levels = given.levels ?? new MemoryLevels(2)
  const transactions = given.transactions ?? new MemoryTransactions()
  const clock = given.clock ?? new FakeClock(START)
  const log = new Logged()
  const stopping = new AbortController()
  const openLevels = () => levels.open()
  const done = merge(
    { transactions, topic: levels.topic, openLevels, clock, log },
    {
      ...{ job: 'order-book', owner: change.standby ? 'standby' : 'merger', version: '9.9.9' },
      ...{ random: () => 0.5, partitions: 2, levels: 15, maxBehindMs: 150_000, standby: false },
      ...change,
    },
    stopping.signal,
  )
  done.catch(() => {})
  const stop = async () => {
    stopping.abort()
    await clock.advance(0)
    return done
  }
  return {
    levels,
    transactions,
    clock,
    log,
    done,
    stop,
    advance: (ms: number) => clock.advance(ms),
  }
}
