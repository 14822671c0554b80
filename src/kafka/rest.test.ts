import { describe, expect, it } from 'vitest'
import { restMs } from './rest.js'

describe('the rest after a batch', () => {
  it('is short, and none where the batch was large', () => {
    expect(restMs(1, 1_795_286_466_000)).toBe(40)
    expect(restMs(499, 1_795_286_466_500)).toBe(40)
    expect(restMs(500, 1_795_286_466_500)).toBe(0)
  })

  it('ends before the second does, so that a tick misses nothing by it', () => {
    expect(restMs(1, 1_795_286_466_950)).toBe(25)
    expect(restMs(1, 1_795_286_466_975)).toBe(0)
    expect(restMs(1, 1_795_286_466_999)).toBe(0)
  })
})
