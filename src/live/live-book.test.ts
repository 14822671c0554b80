import { describe, expect, it } from 'vitest'
import { parseDecimal, subtract, toText } from '../book/decimal.js'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { OrderGenerator } from '../jobs/order-generator.js'
import { replay } from '../jobs/replay.js'
import { HOSTILE_SAMPLES } from './hostile-samples.js'
import { BATCHES_PER_TICK, EVENTS_PER_BATCH, LiveBook } from './live-book.js'

const SEED = 7
const EVENTS_PER_TICK = EVENTS_PER_BATCH * BATCHES_PER_TICK

/** What becomes of each sample's records, one after another. */
const VERDICTS: Record<string, string> = {
  'An id that is a float: 1.0': 'invalid_field',
  'An id with an exponent: 1e3': 'invalid_field',
  'A negative zero as id: -0': 'invalid_field',
  'Two ids above 2^53 that one double cannot tell apart': 'opened, opened',
  'A duplicate key': 'duplicate_key',
  'A duplicate key, one of them escaped': 'duplicate_key',
  'NaN as price, as Python prints it': 'invalid_json',
  'A size of 1e-05': 'opened',
  'A tenth and two tenths at one price': 'opened, opened',
  'A key and numbers spelled oddly, all valid': 'opened',
  'A close of an id that nobody opened': 'close_before_open',
  'A close before its open': 'close_before_open, closed_on_arrival',
  'Two closes of one order': 'opened, closed, duplicate_close',
  'An order opened again after its close': 'opened, closed, order_already_closed',
  'An open order under another symbol': 'opened, symbol_changed',
  'The same open twice, then amended': 'opened, duplicate_open, amended',
  'A price of nineteen digits': 'invalid_field',
  'A negative size': 'invalid_field',
  'A size of zero': 'invalid_field',
  'No price': 'missing_field',
  'A status in small letters': 'invalid_field',
  'Markup as symbol': 'invalid_field',
  'A list instead of an object': 'not_an_object',
  'Cut short': 'invalid_json',
  'Text behind the object': 'invalid_json',
  'A byte order mark': 'invalid_json',
  'Bytes that are no UTF-8': 'invalid_json',
  'Nothing at all': 'invalid_json',
  '30,000 nested lists in a field that nobody asked for': 'opened',
  'One byte too long: 65,537': 'too_large',
}

function sent(book: LiveBook, name: string): string[] {
  const { records } = HOSTILE_SAMPLES.find((sample) => sample.name === name)!
  return records.map((record) => book.feed(record).outcome)
}

describe('the live book', () => {
  it('prints what replay prints for the same events', async () => {
    const generator = new OrderGenerator({ seed: SEED })
    const events = Array.from({ length: 30 * EVENTS_PER_TICK }, () => generator.next(0).value!)
    const ticks: string[] = []
    await replay(
      {
        input: (async function* () {
          for (const event of events) yield new Uint8Array([...event, 10])
        })(),
        signal: new AbortController().signal,
        writeTick: async (line) => void ticks.push(line.trimEnd()),
      },
      { levels: 15, limits: DEFAULT_LIMITS, seed: 99, eventsPerTick: EVENTS_PER_TICK },
    )
    const book = new LiveBook(SEED)
    for (const tick of ticks) {
      for (let batch = 0; batch < BATCHES_PER_TICK; batch++) book.applyBatch()
      expect(book.message()).toBe(tick)
    }
    expect(ticks).toHaveLength(30)
  })

  it('knows what a close without symbol took off, and what it left', () => {
    const book = new LiveBook(SEED)
    const record = (text: string) => book.feed(new TextEncoder().encode(text))
    const order = '"symbol":"A","order_side":"SELL","price":5,"status":"OPEN"'
    record(`{"order_id":"x",${order},"size":0.1}`)
    record(`{"order_id":"y",${order},"size":0.2}`)
    record('{"order_id":"x","status":"CLOSED"}')
    const taken = { symbol: 'A', side: 'sell', price: '5' }
    expect(book.lastClose).toMatchObject({ ...taken, size: '0.1', before: '0.3', after: '0.2' })
    record('{"order_id":"y","status":"CLOSED"}')
    expect(book.lastClose).toMatchObject({ ...taken, size: '0.2', before: '0.2', after: '0' })
  })

  it('shows a seeded close whose amounts add up', () => {
    const book = new LiveBook(SEED)
    for (let batch = 0; batch < 100; batch++) book.applyBatch()
    const { before, size, after } = book.lastClose!
    const [whole, part] = [parseDecimal(before)!, parseDecimal(size)!]
    expect(toText(subtract(whole, part))).toBe(after)
  })

  it.each(HOSTILE_SAMPLES.map(({ name }) => name))('judges: %s', (name) => {
    expect(sent(new LiveBook(SEED), name).join(', ')).toBe(VERDICTS[name])
  })
})

describe('the book of doubles', () => {
  function doublesOf(name: string) {
    const book = new LiveBook(SEED)
    sent(book, name)
    return { rows: book.rows(), doubles: book.doubles.rows(book.rows()) }
  }

  it('adds a tenth and two tenths as doubles do', () => {
    const { rows, doubles } = doublesOf('A tenth and two tenths at one price')
    expect(rows[0]!.amount).toBe('0.3')
    expect(doubles[0]!.amount).toBe('0.30000000000000004')
  })

  it('takes two ids above 2^53 for one', () => {
    const { rows, doubles } = doublesOf('Two ids above 2^53 that one double cannot tell apart')
    expect(rows[0]!.amount).toBe('0.75')
    expect(doubles[0]!.amount).toBe('0.25')
  })

  it('forgets a level with its last order', () => {
    const { rows, doubles } = doublesOf('Two closes of one order')
    expect(rows).toEqual([])
    const level = { symbol: 'TEST-USDT', side: 'buy_1', price: '100' }
    const book = new LiveBook(SEED)
    sent(book, 'Two closes of one order')
    expect(book.doubles.rows([{ ...level, amount: '1', total: '1', cumSum: '1' }])).toEqual([
      undefined,
    ])
    expect(doubles).toEqual([])
  })
})
