import { describe, expect, it } from 'vitest'
import { Beat } from './beat.js'

/** When ticks that are ready so long after their second are let go. */
function letGo(beat: Beat, lateMs: readonly number[]): number[] {
  return lateMs.map((ms) => ms + beat.waitMs(ms))
}

describe('the beat of ticks', () => {
  it('makes even what is not: ticks ready 8 to 16 ms after their second are let go at one time', () => {
    const beat = new Beat()
    const lateMs = Array.from({ length: 600 }, (_, tick) => 8 + ((tick * 7919) % 9))
    const settled = letGo(beat, lateMs).slice(300)
    expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(3)
    expect(Math.max(...settled)).toBeLessThan(20)
  })

  it('lets a tick go at once where it is later than most, and none waits beyond 20 ms', () => {
    const beat = new Beat()
    const lateMs = Array.from({ length: 500 }, (_, tick) => (tick * 7919) % 40)
    for (const [tick, ms] of letGo(beat, lateMs).entries()) {
      expect(ms).toBeGreaterThanOrEqual(lateMs[tick]!)
      expect(ms).toBeLessThanOrEqual(Math.max(20, lateMs[tick]!))
    }
  })

  it('keeps quick ticks quick, and forgets a slow one within a minute', () => {
    const quick = new Array(120).fill(5)
    const beat = new Beat()
    expect(Math.max(...letGo(beat, quick))).toBeLessThan(11)
    expect(letGo(beat, quick).at(-1)).toBeLessThan(5.1)
    expect(beat.waitMs(900)).toBe(0)
    expect(letGo(beat, quick)[60]).toBeLessThan(7)
  })

  it('takes the slow first ticks of a process for no rule', () => {
    const beat = new Beat()
    const ticks = letGo(beat, [400, 40, 20, ...new Array(30).fill(5)])
    expect(ticks.slice(0, 3)).toEqual([400, 40, 20])
    expect(ticks.at(-1)).toBeLessThan(12)
  })

  it('makes nobody wait where the clock is behind its ticks', () => {
    const beat = new Beat()
    beat.waitMs(20)
    expect(beat.waitMs(-3000)).toBe(0)
  })
})
