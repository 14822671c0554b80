/** When snapshots are taken, and what a store that fails costs. */
import { describe, expect, it } from 'vitest'
import { OrderBooks } from '../book/order-books.js'
import { emptyOrderEvent } from '../book/order-event.js'
import { DepthlineError } from '../errors.js'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged, MemorySnapshots, START, startJob } from '../testing/memory-job.js'
import { readSnapshotMeta } from '../wire/snapshot-reader.js'
import { Snapshotter } from './snapshotter.js'

const open = (id: number) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"BUY","size":1,"price":10,"status":"OPEN"}`

describe('a snapshot', () => {
  it('holds exactly what its tick is made of, and two generations are kept', async () => {
    const { clock, source, snapshots, transactions, stop } = await startJob(
      {},
      { snapshotSeconds: 2 },
    )
    for (let id = 1; id <= 9; id++) {
      await source.feed(0, [open(id)])
      await clock.advance(1_000)
    }
    const summary = await stop()
    expect(summary.snapshots).toBeGreaterThanOrEqual(2)
    expect(snapshots.snapshots).toHaveLength(2)
    for (const stored of await snapshots.list()) {
      const meta = await readSnapshotMeta(stored.read())
      const tick = transactions.ticks.find((published) => published.tick === meta.tick)
      expect(JSON.stringify({ ...meta.offsets })).toBe(tick?.headers.offsets)
      expect(meta.openOrders).toBe(meta.offsets[0])
    }
  })

  it('is dropped where its tick was not committed', async () => {
    const { clock, source, snapshots, transactions, stop } = await startJob(
      {},
      { snapshotSeconds: 1 },
    )
    await source.feed(0, [open(1)])
    transactions.before = async (tick) => tick === undefined
    await clock.advance(10_000)
    const stopped = stop()
    await clock.advance(2_000)
    await stopped
    expect(transactions.ticks).toHaveLength(0)
    expect(snapshots.snapshots).toHaveLength(0)
  })

  it('that cannot be written is an alarm and a count, and ticks go on', async () => {
    const { clock, source, snapshots, log, stop } = await startJob({}, { snapshotSeconds: 1 })
    snapshots.before = async () => {
      throw new DepthlineError('FILE_FAILED', 'no space left on device')
    }
    await source.feed(0, [open(1)])
    await clock.advance(10_000)
    const summary = await stop()
    expect(summary).toMatchObject({ ticks: 10, missed: 0, snapshots: 0 })
    expect(summary.snapshotFailures).toBeGreaterThan(2)
    expect(log.lines).toContain('snapshot failed')
  })

  it('that never ends being written holds up no tick', async () => {
    const { clock, source, snapshots, stop } = await startJob({}, { snapshotSeconds: 1 })
    snapshots.before = () => new Promise(() => {})
    await source.feed(0, [open(1)])
    await clock.advance(10_000)
    const stopped = stop()
    await clock.advance(2_000)
    expect(await stopped).toMatchObject({ ticks: 10, missed: 0, snapshots: 0 })
  })

  it('copies nothing while a tick is made', async () => {
    const clock = new FakeClock(START)
    const store = new MemorySnapshots()
    const [stop, ports] = [new AbortController(), { stores: [store], clock, log: new Logged() }]
    const limits = { closedWindow: 10, maxOpenOrders: 10, maxWaitingCloses: 10 }
    const books = new OrderBooks(limits, 1)
    books.apply({ ...emptyOrderEvent(), orderId: 7, symbol: 'A-B', open: true }, 0)
    const snapshotter = new Snapshotter(ports, books, 1)
    let frames = 0
    store.before = async () => void frames++
    const running = snapshotter.run(stop.signal)
    snapshotter.hold()
    await clock.advance(1_500)
    expect(frames).toBe(0)
    snapshotter.release()
    await clock.advance(100)
    expect(frames).toBeGreaterThan(0)
    stop.abort()
    await clock.advance(100)
    await running
  })
})
