import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IdTable } from './id-table.js'
import { Prefetch } from './prefetch.js'

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
    const keys = [...this.table.keys()].flatMap((portion) => [...portion.keys])
    expect(new Set(keys)).toEqual(new Set(this.map.keys()))
  }
}

/** So many keys that lie in the same segment, those whose way begins in a slot that is wanted. */
function neighbours(table: IdTable, wanted: number, isWanted: (slot: number) => boolean): number[] {
  const keys: number[] = []
  class Catcher extends Prefetch {
    key = 1
    segment: Uint32Array | undefined
    override add(memory: Uint32Array, at: number): void {
      this.segment ??= memory
      if (memory === this.segment && isWanted(at / SLOT_WORDS)) keys.push(this.key)
    }
  }
  const catcher = new Catcher()
  for (; keys.length < wanted; catcher.key++) {
    if (catcher.key > 20_000_000) throw new Error(`only ${keys.length} neighbours`)
    table.expect(catcher.key, catcher)
  }
  return keys
}

/** Two for the key, and what {@link wordsOf} gives. */
const SLOT_WORDS = 5

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

  test('holds what a Map holds where the ways of all keys lead through one small segment', () => {
    const keys = neighbours(new IdTable(3, 6), 40, () => true)
    const steps = fc.array(fc.record({ key: fc.constantFrom(...keys), isPut: fc.boolean() }), {
      minLength: 100,
      maxLength: 400,
    })
    fc.assert(
      fc.property(steps, (list) => {
        const pair = new Pair(6)
        for (const { key, isPut } of list) {
          // The segment has 16 slots and would grow at its eleventh key.
          if (!isPut || (pair.map.size === 10 && !pair.map.has(key))) pair.take(key)
          else pair.put(key, key)
          pair.check(key)
        }
        for (const key of keys) pair.check(key)
      }),
      { seed: 3, numRuns: 100 },
    )
  })

  test('ends its search where each slot was passed and most are free', () => {
    const pair = new Pair(4)
    const fromFirst = neighbours(pair.table, 10, (slot) => slot === 0)
    const fromTenth = neighbours(pair.table, 9, (slot) => slot === 9)
    // The last of each ten comes to the slot before the next ten's, or past the end to the third.
    for (const key of fromFirst) pair.put(key, 1)
    for (const key of fromFirst.slice(0, 9)) pair.take(key)
    for (const key of fromTenth) pair.put(key, 1)
    for (const key of fromTenth.slice(0, 8)) pair.take(key)
    for (const key of [...fromFirst, ...fromTenth]) pair.check(key)
    pair.checkAll()
  })

  test('forgets who passed a slot when they are gone', () => {
    const { table } = new Pair(4)
    const [first, ...others] = neighbours(table, 8, (slot) => slot === 3)
    for (const key of [first!, ...others]) table.insert(key)
    const passed = () => table.find(first!) && table.words[table.at - 1]! >>> 22
    expect(passed()).toBe(7)
    others.forEach((key, index) => {
      expect(table.find(key)).toBe(true)
      table.remove()
      expect(passed()).toBe(6 - index)
    })
  })

  test('takes a key out again that was put in just now', () => {
    const pair = new Pair(9)
    for (let key = 1; key <= 3000; key++) pair.put(key, key)
    for (let key = 3001; key <= 4000; key++) {
      pair.table.insert(key)
      pair.table.remove()
    }
    pair.checkAll()
  })

  test('finds every key where more pass a slot than it can count', () => {
    const pair = new Pair(8)
    for (let key = 1; key <= 400_000; key++) pair.put(key, key)
    for (const key of pair.map.keys()) {
      pair.table.find(key)
      pair.table.remove()
    }
    pair.map.clear()
    // The segment of some thousand slots that is left does not grow again for them.
    const keys = neighbours(pair.table, 1300, (slot) => slot < 100)
    for (const key of keys) pair.put(key, 1)
    for (const gone of [keys.slice(0, 700), keys.slice(700)]) {
      pair.checkAll()
      for (const key of gone) pair.take(key)
      for (const key of gone) pair.check(key)
    }
    expect([...pair.table.keys()].every((portion) => portion.keys.length === 0)).toBe(true)
    for (const key of keys) pair.put(key, 2)
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
    expect(100_000 / slots).toBeGreaterThan(0.42)
    expect(100_000 / slots).toBeLessThan(0.52)
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
