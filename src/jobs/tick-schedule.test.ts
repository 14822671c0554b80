/** When ticks are due, under every trick that a clock can play. */
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.js'
import { TickSchedule } from './tick-schedule.js'

const START = 1_700_000_000_000

interface SeenTick {
  readonly tick: number
  readonly isHeld: boolean
  /** Milliseconds after the second began, by the wall clock. */
  readonly lateMs: number
}

/** Runs a schedule for `seconds` and returns the ticks with when they came. */
async function ticksOf(
  clock: FakeClock,
  { lastTick, seconds, busyMs = 0 }: { lastTick?: number; seconds: number; busyMs?: number },
): Promise<SeenTick[]> {
  const stop = new AbortController()
  const schedule = new TickSchedule(clock, lastTick)
  const seen: SeenTick[] = []
  const loop = (async () => {
    for (;;) {
      const due = await schedule.next(stop.signal)
      if (due === undefined) return
      seen.push({ ...due, lateMs: clock.now() - due.tick * 1000 })
      if (busyMs > 0) await clock.sleep(busyMs)
    }
  })()
  await clock.advance(seconds * 1000)
  stop.abort()
  await clock.advance(busyMs)
  await loop
  return seen
}

const numbers = (ticks: SeenTick[]) => ticks.map(({ tick }) => tick - START / 1000)

describe('the tick schedule', () => {
  it('ticks on every second, not early and not drifting', async () => {
    const ticks = await ticksOf(new FakeClock(START + 400), { seconds: 5 })
    expect(numbers(ticks)).toEqual([1, 2, 3, 4, 5])
    expect(ticks.every(({ lateMs, isHeld }) => lateMs === 0 && !isHeld)).toBe(true)
  })

  it('does not tick the second in which it starts, not even again', async () => {
    const lastTick = START / 1000
    const ticks = await ticksOf(new FakeClock(START), { lastTick, seconds: 2 })
    expect(numbers(ticks)).toEqual([1, 2])
  })

  it('skips the seconds that pass while it is busy, and never catches up with a burst', async () => {
    const ticks = await ticksOf(new FakeClock(START + 1), { seconds: 10, busyMs: 2500 })
    expect(numbers(ticks)).toEqual([1, 3, 6, 8])
    expect(ticks.map(({ lateMs }) => lateMs)).toEqual([0, 500, 0, 500])
  })

  it('takes a step forward as missed seconds', async () => {
    const clock = new FakeClock(START + 1)
    clock.stepWall({ at: 2500, byMs: 60_000 })
    const ticks = await ticksOf(clock, { seconds: 4 })
    expect(numbers(ticks)).toEqual([1, 2, 63, 64])
  })

  it('waits out a step back of up to five seconds', async () => {
    const clock = new FakeClock(START + 1)
    clock.stepWall({ at: 2500, byMs: -4_000 })
    const ticks = await ticksOf(clock, { seconds: 9 })
    expect(numbers(ticks)).toEqual([1, 2, 3, 4, 5])
    expect(ticks.every(({ lateMs, isHeld }) => lateMs === 0 && !isHeld)).toBe(true)
  })

  it('goes on by the monotonic clock after a larger step back, and says so', async () => {
    const clock = new FakeClock(START + 1)
    clock.stepWall({ at: 2500, byMs: -3_600_000 })
    const ticks = await ticksOf(clock, { seconds: 6 })
    expect(numbers(ticks)).toEqual([1, 2, 3, 4, 5, 6])
    expect(ticks.map(({ isHeld }) => isHeld)).toEqual([false, false, true, true, true, true])
  })

  it('goes back to the wall clock when that is right again', async () => {
    const clock = new FakeClock(START + 1)
    clock.stepWall({ at: 2500, byMs: -3_600_000 })
    clock.stepWall({ at: 4700, byMs: 3_600_000 })
    const ticks = await ticksOf(clock, { seconds: 7 })
    expect(numbers(ticks)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(ticks.map(({ isHeld }) => isHeld)).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
      false,
    ])
  })

  it('holds from the start where the last tick lies far in the future', async () => {
    const lastTick = START / 1000 + 1000
    const ticks = await ticksOf(new FakeClock(START), { lastTick, seconds: 3 })
    expect(numbers(ticks)).toEqual([1001, 1002, 1003])
    expect(ticks.every(({ isHeld }) => isHeld)).toBe(true)
  })

  it('gives no tick once it is told to stop', async () => {
    const stop = new AbortController()
    stop.abort()
    expect(
      await new TickSchedule(new FakeClock(START), undefined).next(stop.signal),
    ).toBeUndefined()
  })
})
