import { describe, expect, test } from 'vitest'
import { Random } from './random.js'

/** The published algorithm in 32-bit BigInt arithmetic, written down a second time. */
function* sfc32(seed: bigint): Generator<number> {
  const word = (value: bigint) => BigInt.asUintN(32, value)
  let a = 0n
  let b = word(seed)
  let c = word(seed >> 32n)
  let counter = 1n
  for (let round = 0; ; round++) {
    const result = word(a + b + counter++)
    a = b ^ (b >> 9n)
    b = word(c + (c << 3n))
    c = word((word(c << 21n) | (c >> 11n)) + result)
    if (round >= 12) yield Number(result)
  }
}

describe('the seeded random numbers', () => {
  test.each([0, 1, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    'follow the published algorithm from seed %d',
    (seed) => {
      const random = new Random(seed)
      const expected = sfc32(BigInt(seed))
      for (let n = 0; n < 1000; n++) expect(random.next()).toBe(expected.next().value)
    },
  )

  test('stay below the limit and reach every value', () => {
    const random = new Random(7)
    const seen = new Set(Array.from({ length: 1000 }, () => random.below(10)))
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('come true in the share asked for, never at 0 and always at 1', () => {
    const random = new Random(7)
    const count = (share: number) =>
      Array.from({ length: 10_000 }, () => random.chance(share)).filter(Boolean).length
    expect(count(0)).toBe(0)
    expect(count(1)).toBe(10_000)
    expect(Math.abs(count(0.3) - 3000)).toBeLessThan(200)
  })
})
