import { describe, expect, test } from 'vitest'
import { NO_KEY, OrderKeys } from './order-keys.js'

describe('the keys of order ids', () => {
  test('are never 0, not for id 0 and not for the largest safe integer', () => {
    const keys = new OrderKeys()
    expect(keys.assign(0)).toBe(1)
    expect(keys.find(0)).toBe(1)
    expect(keys.assign(Number.MAX_SAFE_INTEGER)).toBe(2 ** 53)
    expect(keys.assign('a')).toBeLessThan(0)
    expect(NO_KEY).toBe(0)
  })

  test('are not to be found above the largest number that ever came', () => {
    const keys = new OrderKeys()
    expect(keys.find(0)).toBe(NO_KEY)
    keys.assign(7)
    expect([0, 6, 7, 8].map((id) => keys.find(id))).toEqual([1, 7, 8, NO_KEY])
    keys.assign(3)
    expect(keys.find(7)).toBe(8)
  })

  test('stay the same for a text until it is released', () => {
    const keys = new OrderKeys()
    const first = keys.assign('a')
    expect(keys.assign('b')).not.toBe(first)
    expect(keys.assign('a')).toBe(first)
    expect(keys.find('a')).toBe(first)
    keys.release(first)
    expect(keys.find('a')).toBe(NO_KEY)
    expect(keys.find('b')).not.toBe(NO_KEY)
  })

  test('are used again after a release, so that texts leave no trace behind', () => {
    const keys = new OrderKeys()
    const seen = new Set<number>()
    for (let round = 0; round < 1000; round++) {
      const key = keys.assign(`id-${round}`)
      seen.add(key)
      keys.release(key)
    }
    expect(seen.size).toBe(1)
  })

  test('of numbers need no release', () => {
    const keys = new OrderKeys()
    keys.release(keys.assign(5))
    keys.release(NO_KEY)
    expect(keys.find(5)).toBe(6)
  })

  test('of texts that nobody knows any more can be released all at once', () => {
    const keys = new OrderKeys()
    const [kept = 0] = ['kept', 'a', 'b'].map((id) => keys.assign(id))
    keys.releaseUnless((key) => key === kept)
    expect(['kept', 'a', 'b'].map((id) => keys.find(id))).toEqual([kept, NO_KEY, NO_KEY])
    expect(keys.idOf(kept)).toBe('kept')
    expect(keys.idOf(keys.assign(7))).toBe(7)
  })
})
