/** What `run` tells whoever watches it is what it did. */
import { describe, expect, it } from 'vitest'
import {
  MemorySource,
  MemoryTransactions,
  progressOf,
  START,
  startJob,
} from '../testing/memory-job.js'
import type { RunMonitor, RunReading } from './monitor.js'

const open = (id: number, side = 'BUY', price = 10) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"${side}","size":1,"price":${price},"status":"OPEN"}`

/** Notes all that it is told. */
class Watch implements RunMonitor {
  readonly latenesses: number[] = []
  readonly durations: number[] = []
  doubts = 0
  read: () => RunReading | undefined = () => undefined

  begun(read: () => RunReading): void {
    this.read = read
  }

  ticked(latenessMs: number): void {
    this.latenesses.push(latenessMs)
  }

  committed(durationMs: number): void {
    this.durations.push(durationMs)
  }

  inDoubt(): void {
    this.doubts++
  }
}

describe('what run tells of itself', () => {
  it('is what its summary and its ticks say', async () => {
    const monitor = new Watch()
    const { clock, source, transactions, stop } = await startJob({ monitor })
    await source.feed(0, [open(1), open(2), open(3, 'SELL', 9), 'junk', null])
    await clock.advance(2500)
    const { role, records, ...rest } = monitor.read()!
    expect(rest).toMatchObject({
      ticks: 2,
      missed: 0,
      deadLetters: 1,
      openOrders: 3,
      waitingCloses: 0,
      symbols: 1,
      levels: { bids: 1, asks: 1 },
      crossed: 1,
      lastTick: { tick: transactions.ticks.at(-1)!.tick, agoMs: 500 },
    })
    expect(role).toBe('leader')
    expect(await stop()).toMatchObject(records)
  })

  it('says how late each tick was and how long each commit took', async () => {
    const monitor = new Watch()
    const { clock, transactions, stop } = await startJob({ monitor })
    transactions.before = async (tick) => {
      await clock.sleep(tick === undefined ? 0 : 120)
      return true
    }
    await clock.advance(2500)
    await stop()
    expect(monitor.latenesses).toEqual([120, 120])
    expect(monitor.durations).toEqual([120, 120])
    expect(monitor.doubts).toBe(0)
  })

  it('counts a commit in doubt, and not as a tick that was late', async () => {
    const monitor = new Watch()
    const { clock, transactions, stop } = await startJob({ monitor })
    transactions.before = async (tick) => tick?.tick !== START / 1000 + 1
    await clock.advance(3500)
    const { ticks } = await stop()
    expect(monitor.doubts).toBe(1)
    expect(monitor.latenesses).toHaveLength(ticks)
  })

  it('counts from where it had caught up, so that a restart counts nothing twice', async () => {
    const transactions = new MemoryTransactions()
    transactions.progress = progressOf({ tick: START / 1000 - 5, offsets: [2, 0] })
    const monitor = new Watch()
    const { clock, source, stop } = await startJob({ transactions, monitor })
    await source.feed(0, [open(1), open(2)])
    expect(monitor.read()).toMatchObject({ records: { records: 0 } })
    await source.feed(0, [open(3), 'junk'])
    await clock.advance(2000)
    const { records, missed } = monitor.read()!
    expect(records).toMatchObject({ records: 2, applied: 1, rejected: 1 })
    expect(records.byOutcome).toMatchObject({ opened: 1, invalid_json: 1 })
    expect(await stop()).toMatchObject({ records: 4, applied: 3, missed })
  })

  it('holds the newest snapshot: its tick, its size and what it took', async () => {
    const monitor = new Watch()
    const { clock, snapshots, stop } = await startJob({ monitor }, { snapshotSeconds: 2 })
    await clock.advance(6000)
    const { taken, last } = monitor.read()!.snapshots
    const [newest] = snapshots.snapshots
    expect(taken).toBeGreaterThan(0)
    expect(last).toMatchObject({
      tick: newest?.tick,
      bytes: newest?.bytes.reduce((sum, { length }) => sum + length, 0),
    })
    expect(last!.durationMs).toBeGreaterThan(0)
    await stop()
  })

  it('names the role, and for a standby the tick that it has followed', async () => {
    const leader = await startJob({}, { owner: 'leader' })
    const { clock, transactions } = leader
    const monitor = new Watch()
    const source = new MemorySource()
    const options = { owner: 'standby', standby: true }
    const standby = await startJob({ clock, transactions, source, monitor }, options)
    await clock.advance(3500)
    const { tick } = transactions.ticks.at(-1)!
    expect(monitor.read()).toMatchObject({ role: 'standby', ticks: 0, lastTick: { tick } })
    expect(monitor.read()!.lastTick!.agoMs).toBeLessThanOrEqual(1000)
    await leader.stop()
    await clock.advance(5000)
    expect(monitor.read()).toMatchObject({ role: 'leader' })
    expect(monitor.read()!.ticks).toBeGreaterThan(0)
    await standby.stop()
  })
})
