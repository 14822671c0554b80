/** Snapshots and logs that do not fit: what a job begins with, and what it refuses. */
import { describe, expect, it } from 'vitest'
import {
  MemorySnapshots,
  MemorySource,
  MemoryTransactions,
  progressOf,
  type RunningJob,
  START,
  startJob,
} from '../testing/memory-job.js'

const open = (id: number, price = 10) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"BUY","size":1,"price":${price},"status":"OPEN"}`

/** A job that has applied five records, three of them in a snapshot, and stopped. */
async function firstJob(): Promise<RunningJob> {
  const job = await startJob({}, { snapshotSeconds: 1 })
  await job.source.feed(0, [open(1), open(2), 'junk'])
  // Copied after one second, taken at the next tick, written after its commit.
  await job.clock.advance(3_000)
  await job.source.feed(1, [open(3), open(4)])
  await job.clock.advance(1_000)
  await job.stop()
  expect(job.snapshots.snapshots.length).toBeGreaterThan(0)
  return job
}

/** The next process: on the same topics and snapshots, with a source that begins anew. */
function secondJob({ clock, transactions, snapshots }: RunningJob, options = {}) {
  return startJob({ clock, transactions, snapshots }, options)
}

describe('a start with a snapshot', () => {
  it('goes on where the snapshot ends, with its counts and books', async () => {
    const first = await firstJob()
    const second = await secondJob(first)
    expect(second.source.from[0]).toBe(3)
    await second.clock.advance(1_000)
    await second.source.feed(1, [open(3), open(4)])
    await second.clock.advance(1_000)
    const summary = await second.stop()
    expect(summary).toMatchObject({ records: 5, applied: 4, rejected: 1, openOrders: 4 })
    expect(second.transactions.ticks.at(-1)?.value).toContain('"amount":4,')
    expect(second.transactions.deadLetters).toHaveLength(1)
  })

  it('says so where the messages before had other levels', async () => {
    const first = await firstJob()
    const same = await secondJob(first)
    const other = await secondJob(first, { levels: 5 })
    expect(same.log.lines).not.toContain('other --levels than the messages before')
    expect(other.log.lines).toContain('other --levels than the messages before')
  })

  it('ignores it with --rebuild', async () => {
    const second = await secondJob(await firstJob(), { rebuild: true })
    expect(second.source.from).toEqual([0, 0])
  })

  it('uses the one before where the newest is damaged', async () => {
    const first = await firstJob()
    const [newest] = first.snapshots.snapshots
    const damaged = newest!.bytes.map((piece) => piece.map((byte) => byte ^ 1))
    first.snapshots.snapshots.unshift({ tick: newest!.tick + 1, bytes: damaged })
    const second = await secondJob(first)
    expect(second.source.from[0]).toBe(3)
    expect(second.log.lines).toContain('snapshot refused')
  })

  it.each([
    [
      'was taken with another window',
      { limits: { closedWindow: 5, maxOpenOrders: 9, maxWaitingCloses: 9 } },
      {},
    ],
    ['is of another lineage', {}, { lineage: 'another' }],
    [
      'is ahead of what is committed',
      {},
      { offsets: [2, 0], lastRecords: ['', ''], stateHash: '' },
    ],
  ])('refuses it where it %s', async (_, options, change) => {
    const first = await firstJob()
    first.transactions.progress = { ...first.transactions.progress!, ...change }
    const second = await secondJob(first, options)
    expect(second.source.from).toEqual([0, 0])
    expect(second.log.lines).toContain('snapshot refused')
  })

  it('ends where the record before the snapshot is another than it was', async () => {
    const second = await secondJob(await firstJob())
    await second.source.feed(0, [open(1), open(2), 'other junk'])
    await expect(second.stop()).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('orders[0] holds another record at offset 2'),
    })
  })
})

describe('a start without a snapshot', () => {
  it('ends where the input no longer starts at 0, and says what can be done', async () => {
    const first = await firstJob()
    const second = await withGoneStart(first, {})
    await expect(second.stop()).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringMatching(/orders\[0\] starts at offset 1 .*--accept-incomplete/),
    })
  })

  it('goes on with --accept-incomplete and marks every message', async () => {
    const first = await firstJob()
    const second = await withGoneStart(first, { acceptIncomplete: true })
    expect(second.source.from).toEqual([1, 0])
    const before = second.transactions.ticks.length
    await second.source.feed(0, [open(2), 'junk'])
    await second.source.feed(1, [open(3), open(4)])
    await second.clock.advance(1_000)
    await second.stop()
    const ticks = second.transactions.ticks.slice(before)
    expect(ticks.length).toBeGreaterThan(0)
    expect(ticks.every(({ headers }) => headers.incomplete === 'true')).toBe(true)
  })

  it('ends where the same offsets give other books than those that were committed', async () => {
    const first = await firstJob()
    const second = await secondJob(first, { rebuild: true })
    await second.source.feed(0, [open(1), open(2, 11), 'junk'])
    await second.source.feed(1, [open(3), open(4)])
    await expect(second.stop()).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('are not those that were committed'),
    })
  })

  it('ends where records that were read before are gone from the middle', async () => {
    const transactions = new MemoryTransactions()
    transactions.progress = progressOf({ tick: START / 1000 - 1, offsets: [2, 0] })
    const job = await startJob({ transactions, snapshots: new MemorySnapshots() })
    await job.source.redeliver(0, [{ key: null, value: null, offset: '5', timestamp: '1' }])
    await expect(job.stop()).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('goes on at offset 5 after -1, and 1 was read before'),
    })
  })
})

/** The next process where retention has taken the first record, and no snapshot is left. */
async function withGoneStart(first: RunningJob, options: object): Promise<RunningJob> {
  const { clock, transactions } = first
  const source = new MemorySource()
  source.lows = [1, 0]
  return startJob({ clock, transactions, source }, options)
}
