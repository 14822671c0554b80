import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IdTable } from './id-table.js'

/** What a key carries, as three words that follow from it and a version. */
function wordsOf(key: number, version: number): number[] {
  return [key >>> 0, version >>> 0, (key ^ version) >>> 0]
}

/** The table beside a Map of versions: every step is done on both. */
class Pair {
  readonly table: IdTable
  readonly map = new Map<number, number>()

  constructor(seed: number) {
    this.table = new IdTable(3, seed)
  }

  put(key: number, version: number): void {
    if (!this.table.find(key)) this.table.insert(key)
    wordsOf(key, version).forEach((word, index) => {
      this.table.words[this.table.at + index] = word
    })
    this.map.set(key, version)
  }

  take(key: number): void {
    const isThere = this.table.find(key)
    expect(isThere).toBe(this.map.delete(key))
    if (isThere) this.table.remove()
  }

  check(key: number): void {
    const version = this.map.get(key)
    expect(this.table.find(key)).toBe(version !== undefined)
    if (version === undefined) return
    const { words, at } = this.table
    expect([...words.subarray(at, at + 3)]).toEqual(wordsOf(key, version))
  }

  checkAll(): void {
    expect(this.table.size).toBe(this.map.size)
    for (const key of this.map.keys()) this.check(key)
  }
}

const anyKey = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: -40, max: -1 }),
  fc.integer({ min: 2 ** 32 - 8, max: 2 ** 32 + 8 }),
  fc.integer({ min: 2 ** 53 - 8, max: 2 ** 53 - 1 }).map((key) => key + 1),
)
const anyStep = fc.record({ key: anyKey, isPut: fc.boolean(), version: fc.nat() })

describe('a table of ids', () => {
  test('holds what a Map holds after any puts and removals', () => {
    const steps = fc.array(anyStep, { maxLength: 300 })
    fc.assert(
      fc.property(steps, fc.integer(), (list, seed) => {
        const pair = new Pair(seed)
        for (const { key, isPut, version } of list) {
          if (isPut) pair.put(key, version)
          else pair.take(key)
          pair.check(key)
        }
        pair.checkAll()
        for (const { key } of list) pair.check(key)
      }),
      { seed: 2, numRuns: 300 },
    )
  })

  test('keeps every key while it grows to a hundred thousand, sequential or far apart', () => {
    for (const step of [1, 2 ** 20 + 1, -3]) {
      const pair = new Pair(step)
      for (let index = 1; index <= 100_000; index++) pair.put(index * step, index)
      expect(pair.table.size).toBe(100_000)
      for (let index = 1; index <= 100_000; index += 97) pair.check(index * step)
      expect(pair.table.find(100_001 * step)).toBe(false)
    }
  })

  test('touches keys that are there and others, and nothing changes', () => {
    const pair = new Pair(3)
    for (let key = 1; key <= 1000; key++) pair.put(key, key)
    for (let key = -10; key <= 2000; key++) expect(pair.table.touch(key)).toBeTypeOf('number')
    pair.checkAll()
  })

  test('grows a segment at a time: no segment holds more than its share', () => {
    const table = new IdTable(0, 5)
    for (let key = 1; key <= 100_000; key++) table.insert(key)
    const portions = [...table.keys()]
    expect(portions.reduce((sum, { keys }) => sum + keys.length, 0)).toBe(100_000)
    expect(Math.max(...portions.map(({ keys }) => keys.length))).toBeLessThan(100_000 / 120)
    // All capacities between two doublings are there at once, so the whole is always as full.
    const slots = portions.reduce((sum, portion) => sum + portion.slots, 0)
    expect(100_000 / slots).toBeGreaterThan(0.45)
    expect(100_000 / slots).toBeLessThan(0.55)
  })

  test('is empty again when all keys are gone, and takes them anew', () => {
    const table = new IdTable(0, 7)
    for (let round = 0; round < 3; round++) {
      for (let key = 1; key <= 5000; key++) table.insert(key)
      for (let key = 5000; key >= 1; key--) {
        expect(table.find(key)).toBe(true)
        table.remove()
        expect(table.find(key)).toBe(false)
      }
      expect(table.size).toBe(0)
    }
  })
})
