/** The age of the book by the server's clock, and when it is late or stale. */
import { describe, expect, it } from 'vitest'
import { durationText, freshnessOf, ServerClock } from './age.js'

describe('the age of a book', () => {
  it('follows the server’s clock, whatever this machine’s says', () => {
    let now = 1_000
    const clock = new ServerClock(() => now)
    expect(clock.ageOf(100)).toBeUndefined()
    now = 1_040
    clock.set({ tick: 100, ageMs: 300, askedAtMs: 1_000 })
    expect(clock.ageOf(100)).toBe(320)
    now = 3_000
    expect(clock.ageOf(100)).toBe(2_280)
    expect(clock.ageOf(102)).toBe(280)
    expect(clock.ageOf(200)).toBe(0)
  })

  it.each([
    [0, 'fresh'],
    [2_000, 'fresh'],
    [2_001, 'late'],
    [5_000, 'late'],
    [5_001, 'stale'],
  ])('of %i ms is %s', (age, expected) => {
    expect(freshnessOf(age)).toBe(expected)
  })

  it('reads as people say it, cut and never rounded up', () => {
    const texts = [0, 49, 2_999, 9_999, 59_999, 185_000, 7_449_000].map(durationText)
    expect(texts).toEqual(['0.0 s', '0.0 s', '2.9 s', '9.9 s', '59 s', '3 min 5 s', '2 h 4 min'])
  })
})
