import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { OUTCOME_NAMES } from '../book/outcome.js'
import { compareWithNaive } from '../testing/compare-with-naive.js'
import { hostileRecords } from '../testing/hostile-records.js'
import { openText } from '../testing/read-record.js'
import { OrderProcessor } from './order-processor.js'

const REASONS = [
  ...['too_large', 'invalid_json', 'not_an_object', 'duplicate_key', 'missing_field'],
  ...['invalid_field', 'symbol_changed', 'order_already_closed'],
]

function take(seed: number, count: number): string[] {
  const records = hostileRecords(seed)
  return Array.from({ length: count }, () => {
    const { value, partition } = records.next().value
    return `${partition}:${value === null ? 'null' : Buffer.from(value).toString('base64')}`
  })
}

describe('hostile records', () => {
  test('meet the same fate in the processor and in the naive book, all 50,000', {
    timeout: 60_000,
  }, () => {
    const { counts, messages } = compareWithNaive({ seed: 1, count: 50_000 })
    expect(messages).toBe(50)
    expect(counts.records).toBe(50_000)
    expect(counts.records).toBe(
      counts.applied + counts.ignored + counts.rejected + counts.tombstones,
    )
    // A run that never met one of the outcomes would prove nothing about it.
    for (const name of [...OUTCOME_NAMES, ...REASONS]) {
      expect([name, (counts.byOutcome[name] ?? 0) > 0]).toEqual([name, true])
    }
    expect(counts.tombstones).toBeGreaterThan(0)
  })

  test.each([
    [2, 1, 1],
    [3, 3, 7],
    [4, 250_000, 40],
  ])(
    'do so too with seed %i, a window of %i and a message every %i records',
    (seed, closedWindow, recordsPerMessage) => {
      const { counts } = compareWithNaive({
        seed,
        count: 4000,
        closedWindow,
        recordsPerMessage,
        levels: 5,
      })
      expect(counts.records).toBe(4000)
    },
  )

  test('are the same for the same seed and others for another', () => {
    expect(take(7, 500)).toEqual(take(7, 500))
    expect(take(7, 500)).not.toEqual(take(8, 500))
  })
})

describe('the counts of a processor', () => {
  test('begin at nothing and add up after every record', () => {
    const processor = new OrderProcessor({ levels: 5, limits: DEFAULT_LIMITS, seed: 1 })
    expect(processor.counts()).toMatchObject({ records: 0, applied: 0, ignored: 0, rejected: 0 })
    const accept = (text: string) => {
      const bytes = new TextEncoder().encode(text)
      return processor.accept(bytes, 0, bytes.length, 0)
    }
    const texts = [
      openText(),
      openText(),
      '',
      openText({ symbol: '"B"' }),
      openText({ price: '2' }),
    ]
    const reasons = texts.map(accept)
    processor.skipTombstone()
    expect(reasons).toEqual([undefined, undefined, 'invalid_json', 'symbol_changed', undefined])
    expect(processor.counts()).toMatchObject({
      records: 6,
      applied: 2,
      ignored: 1,
      rejected: 2,
      tombstones: 1,
    })
  })

  test('go on without a message being printed, however many levels change', () => {
    const processor = new OrderProcessor({ levels: 1, limits: DEFAULT_LIMITS, seed: 1 })
    for (let id = 0; id < 70_000; id++) {
      const bytes = new TextEncoder().encode(openText({ order_id: `${id}`, price: `${id + 1}` }))
      processor.accept(bytes, 0, bytes.length, 0)
    }
    expect(processor.books.pendingLevels).toBeLessThan(65_537)
    expect(processor.message()).toContain('"side":"buy_1","price":70000,')
  })

  test('name what a message is made of, for the error that says it is too large', () => {
    const processor = new OrderProcessor({ levels: 5, limits: DEFAULT_LIMITS, seed: 1 })
    const bytes = new TextEncoder().encode(openText())
    processor.accept(bytes, 0, bytes.length, 0)
    processor.message()
    expect(processor.describeSize()).toBe('1 symbols × 5 levels a side')
  })
})
