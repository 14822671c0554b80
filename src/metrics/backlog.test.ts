/** How much is still to be read, and for how long: of what Kafka says now and then. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Backlog, Sampled } from './backlog.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('what is asked for every 2 s', () => {
  it('is gone when nobody has answered for 10 s, and there again when somebody does', async () => {
    let isAway = false
    const ask = vi.fn(async () => {
      if (isAway) throw new Error('away')
      return [1, 2]
    })
    const sampled = new Sampled(ask)
    expect(sampled.newest).toBeUndefined()
    sampled.start()
    await vi.advanceTimersByTimeAsync(4_000)
    expect(ask).toHaveBeenCalledTimes(3)
    expect(sampled.newest).toEqual([1, 2])
    isAway = true
    await vi.advanceTimersByTimeAsync(9_000)
    expect(sampled.newest).toEqual([1, 2])
    await vi.advanceTimersByTimeAsync(3_000)
    expect(sampled.newest).toBeUndefined()
    isAway = false
    await vi.advanceTimersByTimeAsync(2_000)
    expect(sampled.newest).toEqual([1, 2])
  })

  it('is asked for once at a time', async () => {
    const ask = vi.fn(() => new Promise<number>(() => {}))
    new Sampled(ask).start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ask).toHaveBeenCalledTimes(1)
  })
})

describe('a backlog', () => {
  /** A reader whose pieces end at what a test hands over. */
  function stage(start: number) {
    let give: (position: number) => void = () => {}
    const reader = {
      topic: 'books',
      starts: [start],
      ends: async () => [0],
      stop: async () => {},
      next: () => {
        return new Promise<{ position: number }>((resolve) => {
          give = (position) => resolve({ position })
        })
      },
    }
    const log = { end: start }
    const backlog = new Backlog()
    const watched = backlog.watch(reader, async () => log.end)
    return { backlog, watched, log, give: (position: number) => give(position) }
  }

  it('is empty where everything is worked through', async () => {
    const { backlog } = stage(7)
    expect(backlog.read()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(0)
    expect(backlog.read()).toEqual({ records: 0, waitingMs: 0 })
  })

  it('counts a piece as worked through when the next one is asked for, not when it is read', async () => {
    const { backlog, watched, log, give } = stage(0)
    log.end = 10
    const piece = watched.next(0)
    await vi.advanceTimersByTimeAsync(6_000)
    expect(backlog.read()).toEqual({ records: 10, waitingMs: 4_000 })
    give(10)
    expect(await piece).toEqual({ position: 10 })
    await vi.advanceTimersByTimeAsync(6_000)
    expect(backlog.read()).toEqual({ records: 10, waitingMs: 10_000 })
    void watched.next(0)
    expect(backlog.read()).toEqual({ records: 0, waitingMs: 0 })
  })

  it('waits only as long as its oldest record that is left', async () => {
    const { backlog, watched, log, give } = stage(0)
    void watched.next(0)
    log.end = 5
    await vi.advanceTimersByTimeAsync(4_000)
    log.end = 9
    await vi.advanceTimersByTimeAsync(2_000)
    give(5)
    await vi.advanceTimersByTimeAsync(0)
    void watched.next(0)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(backlog.read()).toEqual({ records: 4, waitingMs: 1_000 })
  })
})
