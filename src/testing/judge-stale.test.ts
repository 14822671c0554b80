/** The judge of `stale` finds each forgery. */
import { describe, expect, it } from 'vitest'
import { judgeStale, type PlainMark } from './judge-stale.js'
import type { PlainRecord } from './plain-topic.js'

const MARKS: PlainMark[] = [
  { partition: 0, tick: 10, offset: 5, sequence: 1 },
  { partition: 1, tick: 10, offset: 3, sequence: 1 },
  { partition: 0, tick: 11, offset: 8, sequence: 2 },
  { partition: 0, tick: 12, offset: 8, sequence: 3 },
  { partition: 1, tick: 12, offset: 4, sequence: 2 },
]
const TICKS = [
  tickOf(10, { 0: 5, 1: 3 }),
  tickOf(11, { 0: 8, 1: 3 }, { 1: 1 }),
  tickOf(12, { 0: 8, 1: 4 }),
]

function tickOf(tick: number, offsets: object, stale?: object): PlainRecord {
  const headers = { tick: String(tick), offsets: JSON.stringify(offsets) }
  return {
    ...{ partition: 0, offset: tick, timestampMs: tick * 1000, key: null, value: null },
    headers: stale === undefined ? headers : { ...headers, stale: JSON.stringify(stale) },
  }
}

function findingsOf(ticks: readonly PlainRecord[], marks: readonly PlainMark[] = MARKS) {
  const findings: string[] = []
  const verdict = judgeStale(ticks, marks, (text) => findings.push(text))
  return { verdict, findings }
}

describe('the judge of stale', () => {
  it('finds nothing where the ages are those of the marks', () => {
    const { verdict, findings } = findingsOf(TICKS)
    expect(findings).toEqual([])
    expect(verdict).toEqual({
      ...{ marks: 5, staleTicks: 1, oldestS: 1, staleWrong: 0, marksBackward: 0 },
    })
  })

  it.each([
    ['an age that is not told', TICKS.with(1, tickOf(11, { 0: 8, 1: 3 }))],
    ['an age that is wrong', TICKS.with(1, tickOf(11, { 0: 8, 1: 3 }, { 1: 2 }))],
    ['an age of nothing', TICKS.with(0, tickOf(10, { 0: 5, 1: 3 }, { 1: 0 }))],
    ['an offset that no mark has', TICKS.with(1, tickOf(11, { 0: 7, 1: 3 }, { 1: 1 }))],
    ['a last tick that is stale', TICKS.slice(0, 2)],
  ])('finds %s', (_, ticks) => {
    expect(findingsOf(ticks).findings).toHaveLength(1)
  })

  it('finds marks that go back', () => {
    const { verdict } = findingsOf(TICKS, [...MARKS, { ...MARKS[0]!, sequence: 4 }])
    expect(verdict.marksBackward).toBe(1)
  })
})
