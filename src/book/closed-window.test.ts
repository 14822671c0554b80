import { describe, expect, test } from 'vitest'
import { Random } from '../testing/random.js'
import { ClosedWindow } from './closed-window.js'

/** Remembers the keys `first … last` in one partition; returns what was pushed out. */
function addRange(window: ClosedWindow, first: number, last: number, partition = 0): number[] {
  const out: number[] = []
  for (let key = first; key <= last; key++) out.push(window.add(key, partition))
  return out.filter((key) => key !== 0)
}

describe('the window of closed ids', () => {
  test.each([1, 2, 3, 1023, 1024, 1025, 3000])('of %i remembers exactly so many', (capacity) => {
    const window = new ClosedWindow(capacity, 1)
    expect(addRange(window, 1, capacity)).toEqual([])
    expect(window.size).toBe(capacity)
    expect(window.has(1)).toBe(true)
    expect(window.add(capacity + 1, 0)).toBe(1)
    expect(window.has(1)).toBe(false)
    expect(window.has(capacity + 1)).toBe(true)
    expect(window.size).toBe(capacity)
  })

  test('lets the oldest go first, round after round', () => {
    const window = new ClosedWindow(3, 1)
    expect(addRange(window, 1, 10)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect([7, 8, 9, 10].map((key) => window.has(key))).toEqual([false, true, true, true])
  })

  test('counts each partition by itself', () => {
    const window = new ClosedWindow(2, 1)
    addRange(window, 1, 2, 0)
    expect(addRange(window, 101, 105, 7)).toEqual([101, 102, 103])
    expect(window.has(1) && window.has(2)).toBe(true)
    expect(window.size).toBe(4)
    expect(window.add(3, 0)).toBe(1)
  })

  test('takes a forgotten id again, as its newest', () => {
    const window = new ClosedWindow(2, 1)
    expect(addRange(window, 1, 3)).toEqual([1])
    expect(window.add(1, 0)).toBe(2)
    expect(window.add(4, 0)).toBe(3)
    expect(window.has(1)).toBe(true)
  })

  // Neighbours share a place in the table, so keys are drawn close to each other and to every border.
  test.each([1, 8, 63, 64, 65])(
    'of %i agrees with a plain list of keys of every size',
    (capacity) => {
      const starts = [-200, 1, 2 ** 31 - 40, 2 ** 32 - 40, 2 ** 37 - 40, 2 ** 53 - 250]
      const window = new ClosedWindow(capacity, 3)
      const known: number[] = []
      const random = new Random(7)
      for (let step = 0; step < 5_000; step++) {
        const key = random.pick(starts) + random.below(190)
        expect(window.has(key)).toBe(known.includes(key))
        if (known.includes(key)) continue
        const oldest = known.length === capacity ? known.shift() : 0
        expect(window.add(key, 0)).toBe(oldest)
        known.push(key)
        expect(window.size).toBe(known.length)
      }
    },
  )
})
