import { describe, expect, test } from 'vitest'
import { isCrossed } from '../book/depth.js'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import { OrderEventReader } from '../wire/order-event-reader.js'
import { parseTickMessage } from '../wire/tick-message.js'
import {
  type GeneratedEvent,
  OrderGenerator,
  type OrderGeneratorOptions,
} from './order-generator.js'
import { OrderProcessor } from './order-processor.js'

const NOW = 1_693_973_208

function generate(options: OrderGeneratorOptions, count: number): GeneratedEvent[] {
  const generator = new OrderGenerator(options)
  return Array.from({ length: count }, (_, n) => generator.next(NOW + Math.floor(n / 100)))
}

const text = ({ value }: GeneratedEvent) => new TextDecoder().decode(value ?? new Uint8Array())
const parse = (event: GeneratedEvent) => JSON.parse(text(event)) as Record<string, unknown>

function processor(): OrderProcessor {
  return new OrderProcessor({ levels: 15, limits: DEFAULT_LIMITS, seed: 1 })
}

function accept(target: OrderProcessor, { value }: GeneratedEvent): void {
  if (value === null) target.skipTombstone()
  else target.accept(value, 0, value.length, 0)
}

/** Applies events and looks at the books after each of them. */
function run(options: OrderGeneratorOptions, count: number) {
  const target = processor()
  const generator = new OrderGenerator(options)
  let mostOpen = 0
  let crossed = 0
  for (let n = 1; n <= count; n++) {
    accept(target, generator.next(NOW))
    mostOpen = Math.max(mostOpen, target.books.openOrders)
    for (const book of target.books.books()) if (isCrossed(book)) crossed++
  }
  return { ...target.counts(), mostOpen, crossed, message: target.message() }
}

describe('the order generator', () => {
  test('gives the same bytes for the same seed and others for another', () => {
    const options = { seed: 42, faults: 0.3, backwardCreatedAt: true, explicitNulls: true }
    const bytes = (events: GeneratedEvent[]) => events.map((event) => `${event.key} ${text(event)}`)
    expect(bytes(generate(options, 5000))).toEqual(bytes(generate(options, 5000)))
    expect(generate({ ...options, seed: 43 }, 10)).not.toEqual(generate(options, 10))
  })

  test('gives events that the reader accepts, keyed by their order id, on the price grid', () => {
    const reader = new OrderEventReader()
    for (const event of generate({ seed: 1 }, 20_000)) {
      expect(reader.read(event.value!, 0, event.value!.length)).toBeUndefined()
      expect(event.key).toBe(`${reader.event.orderId}`)
      if (!reader.event.open) continue
      expect(reader.event.price.scale).toBeLessThanOrEqual(2)
      expect(reader.event.size.scale).toBeLessThanOrEqual(5)
    }
  })

  test('has every event applied, no book crossed, and as many open orders as are aimed at', () => {
    const { applied, ignored, rejected, mostOpen, crossed, message } = run({ seed: 1 }, 200_000)
    expect({ applied, ignored, rejected, crossed }).toEqual({
      applied: 200_000,
      ignored: 0,
      rejected: 0,
      crossed: 0,
    })
    expect(mostOpen).toBeGreaterThan(1000)
    expect(mostOpen).toBeLessThan(1200)
    expect(parseTickMessage(message)).toHaveLength(60)
  })

  test.each([
    { closeRatio: 0, openOrders: 10 },
    { closeRatio: 0.3, openOrders: 100 },
    { closeRatio: 0.9, openOrders: 100 },
    { closeRatio: 1, openOrders: 1 },
  ])('keeps the books bounded and in order with %o', (options) => {
    const { applied, mostOpen, crossed } = run({ seed: 2, ...options }, 20_000)
    expect({ applied, crossed }).toEqual({ applied: 20_000, crossed: 0 })
    expect(mostOpen).toBeLessThan(2 * options.openOrders + 60)
  })

  test('shows every outcome and every reason for rejection once faults are mixed in, and still no crossed book', () => {
    const counts = run({ seed: 3, faults: true }, 100_000)
    const seen = Object.keys(counts.byOutcome).filter((name) => counts.byOutcome[name]! > 0)
    expect(seen.sort()).toEqual(
      [
        'opened',
        'amended',
        'closed',
        'close_before_open',
        'closed_on_arrival',
        'duplicate_open',
        'duplicate_close',
        'symbol_changed',
        'order_already_closed',
        'too_large',
        'invalid_json',
        'not_an_object',
        'duplicate_key',
        'missing_field',
        'invalid_field',
      ].sort(),
    )
    expect(counts.tombstones).toBeGreaterThan(0)
    expect(counts.records).toBe(100_000)
    expect(counts.crossed).toBe(0)
    expect(counts.mostOpen).toBeLessThan(1200)
    expect(counts.applied / counts.records).toBeGreaterThan(0.95)
  })

  test('gives every event a key of digits, tombstones and broken records too', () => {
    for (const { key } of generate({ seed: 4, faults: 1 }, 5000)) expect(key).toMatch(/^\d+$/)
  })

  test('repeats a record byte for byte where it repeats one', () => {
    const events = generate({ seed: 5, faults: 0.2, backwardCreatedAt: true }, 20_000)
    const target = processor()
    const sent = new Set<string>()
    let ignored = 0
    for (const event of events) {
      accept(target, event)
      if (target.counts().ignored > ignored) expect(sent).toContain(text(event))
      ignored = target.counts().ignored
      sent.add(text(event))
    }
    expect(ignored).toBeGreaterThan(100)
  })

  test('stamps events with the time given, and closes before their opens where asked', () => {
    const opens = new Map<unknown, number>()
    for (const event of generate({ seed: 6, backwardCreatedAt: true }, 5000).map(parse)) {
      const createdAt = event.created_at as number
      if (event.status === 'OPEN') opens.set(event.order_id, createdAt)
      else expect(createdAt).toBeLessThan(opens.get(event.order_id)!)
    }
    for (const event of generate({ seed: 6 }, 100)) expect(parse(event).created_at).toBe(NOW)
  })

  test('writes closes with explicit nulls where asked, and short ones otherwise', () => {
    const close = (options: OrderGeneratorOptions) =>
      generate(options, 100)
        .map(parse)
        .find((event) => event.status === 'CLOSED')
    expect(close({ seed: 7, explicitNulls: true })).toMatchObject({ symbol: null, price: null })
    expect(Object.keys(close({ seed: 7 })!)).toEqual(['order_id', 'status', 'created_at'])
  })

  test('goes on from a given id and says which comes next', () => {
    const first = new OrderGenerator({ seed: 8 })
    for (let n = 0; n < 1000; n++) first.next(NOW)
    const second = new OrderGenerator({ seed: 9, firstId: first.nextId })
    expect(second.next(NOW).key).toBe(`${first.nextId}`)
  })

  test('knows any symbol, and rests bids below asks around its price', () => {
    const { message } = run({ seed: 10, symbols: ['SOL-USDT'] }, 2000)
    const rows = parseTickMessage(message)!
    expect(new Set(rows.map(({ symbol }) => symbol))).toEqual(new Set(['SOL-USDT']))
    const price = (side: string) => Number(rows.find((row) => row.side === side)!.price)
    expect(price('buy_1')).toBeLessThan(price('sell_1'))
    expect(Math.abs(price('buy_1') - 100)).toBeLessThan(20)
  })

  test.each([
    { seed: -1 },
    { seed: 0.5 },
    { seed: 1, closeRatio: 1.1 },
    { seed: 1, closeRatio: Number.NaN },
    { seed: 1, faults: 2 },
    { seed: 1, openOrders: 0 },
    { seed: 1, firstId: -1 },
    { seed: 1, symbols: [] },
    { seed: 1, symbols: ['A', 'A'] },
    { seed: 1, symbols: ['=A'] },
  ])('refuses %o', (options) => {
    expect(() => new OrderGenerator(options)).toThrow(DepthlineError)
  })
})
