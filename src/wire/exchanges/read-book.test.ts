import { describe, expect, test } from 'vitest'
import { toText } from '../../book/decimal.js'
import type { ExchangeBook, Unreadable } from './exchange.js'
import { EXCHANGES, exchangeNamed } from './exchanges.js'

const bytes = (text: string) => new TextEncoder().encode(text)

function read(exchange: string, body: unknown): ExchangeBook | Unreadable {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return exchangeNamed(exchange)!.readBook(bytes(text))
}

function book(exchange: string, body: unknown): ExchangeBook {
  const answer = read(exchange, body)
  if ('reason' in answer) throw new Error(answer.detail)
  return answer
}

/** Reason and detail, which must never be longer than the records allow. */
function refusal(exchange: string, body: unknown): string {
  const answer = read(exchange, body)
  if (!('reason' in answer)) return 'read'
  expect(answer.detail.length).toBeLessThanOrEqual(200)
  expect(answer.detail).not.toBe('')
  return `${answer.reason}: ${answer.detail}`
}

/** The shape of each exchange around the same rows. */
const SHAPES: Record<string, (bids: unknown, asks: unknown) => unknown> = {
  coinbase: (bids, asks) => ({ bids, asks, time: '2026-11-21T10:00:00.123456789Z' }),
  kraken: (bids, asks) => ({ error: [], result: { XXBTZUSD: { asks, bids } } }),
  bitstamp: (bids, asks) => ({ timestamp: '1700000000', bids, asks }),
  gemini: (bids, asks) => ({ bids: objects(bids), asks: objects(asks) }),
}

function objects(rows: unknown): unknown {
  if (!Array.isArray(rows)) return rows
  return rows.map((row) => {
    return Array.isArray(row) ? { price: row[0], amount: row[1], timestamp: '1' } : row
  })
}

test('the exchanges come in the order in which they are preferred', () => {
  expect(EXCHANGES.map(({ name }) => name)).toEqual(['coinbase', 'kraken', 'bitstamp', 'gemini'])
  for (const { origin, paths } of EXCHANGES) {
    expect(origin).toMatch(/^https:\/\/[a-z.]+$/)
    expect([...paths.keys()]).toEqual(['BTC-USD', 'ETH-USD'])
    for (const path of paths.values()) expect(path).toMatch(/^\/.+(btc|xbt|eth)/i)
  }
})

describe.each(Object.keys(SHAPES))("a body of %s's shape", (name) => {
  const shape = SHAPES[name]!
  const asks = [['3', '1']]
  /** What is said of one row among the bids. */
  const ofRow = (row: unknown) => refusal(name, shape([['2', '1'], row], asks))

  test('gives both sides best price first', () => {
    const { bids, asks } = book(
      name,
      shape(
        [
          ['2', '1'],
          ['1.50', '0.30'],
        ],
        [
          ['3', '1'],
          ['10', '2'],
        ],
      ),
    )
    expect([...bids].map(({ price, amount }) => `${toText(price)} ${toText(amount)}`)).toEqual([
      '2 1',
      '1.5 0.3',
    ])
    expect([...asks].map(({ price }) => toText(price))).toEqual(['3', '10'])
  })

  test('may have empty sides', () => {
    const { bids, asks } = book(name, shape([], []))
    expect(bids.size + asks.size).toBe(0)
  })

  test('has one level for one price, however often and however it is written', () => {
    const { bids } = book(
      name,
      shape(
        [
          ['2.0', '1'],
          ['2', '0.5'],
          ['2.000', '0.25'],
          ['1', '1'],
        ],
        asks,
      ),
    )
    expect([...bids].map(({ price, amount }) => [price, amount].map(toText))).toEqual([
      ['2', '1.75'],
      ['1', '1'],
    ])
  })

  test('must be sorted by value', () => {
    expect(ofRow(['10', '1'])).toBe('unsorted: bids[1] price 10 comes after the worse 2')
    expect(
      refusal(
        name,
        shape(
          [],
          [
            ['9', '1'],
            ['10', '1'],
            ['9', '1'],
          ],
        ),
      ),
    ).toMatch(/^unsorted: asks\[2\]/)
  })

  test.each([
    [['1', 12], 'invalid_body: bids[1] amount is 12 and no string'],
    [[1.5, '1'], 'invalid_body: bids[1] price is 1.5 and no string'],
    [[null, '1'], 'invalid_body: bids[1] price is null and no string'],
    [['1', ['1']], 'invalid_body: bids[1] amount is an array and no string'],
    [['1'], 'invalid_body: bids[1] amount is missing'],
    [['1', ''], 'invalid_body: bids[1] amount is "" and no decimal'],
    [['1e5x', '1'], 'invalid_body: bids[1] price is "1e5x" and no decimal'],
    [['1e-19', '1'], 'invalid_body: bids[1] price is "1e-19": more than 18 decimals'],
    [['1', '-1'], 'invalid_body: bids[1] amount is "-1" and no decimal'],
    [['1', '+1'], 'invalid_body: bids[1] amount is "+1" and no decimal'],
    [['1', ' 1'], 'invalid_body: bids[1] amount is " 1" and no decimal'],
    [['1', 'NaN'], 'invalid_body: bids[1] amount is "NaN" and no decimal'],
    [['1', '0'], 'invalid_body: bids[1] amount is "0": not above 0'],
    [['0.00', '1'], 'invalid_body: bids[1] price is "0.00": not above 0'],
    [
      ['0.0000000000000000000', '1'],
      'invalid_body: bids[1] price is "0.0000000000000000000": not above 0',
    ],
    [
      ['1.000000000000000001', '1'],
      'invalid_body: bids[1] price is "1.000000000000000001": more than 18 significant digits',
    ],
    [
      ['0.0000000000000000001', '1'],
      'invalid_body: bids[1] price is "0.0000000000000000001": more than 18 decimals',
    ],
    [
      ['1', '1000000000000000000'],
      'invalid_body: bids[1] amount is "1000000000000000000": not below 10^18',
    ],
  ])('with a row %j is invalid', (row, detail) => {
    expect(ofRow(row)).toBe(detail)
  })

  test('takes the longest numbers that an order may have, and any padding', () => {
    const rows = [
      ['999999999999999999', '0.000000000000000001'],
      ['0.100000000000000001', '000001.000000000000000000000000'],
    ]
    const { bids } = book(name, shape(rows, []))
    expect([...bids].map(({ price, amount }) => [price, amount].map(toText))).toEqual([
      ['999999999999999999', '0.000000000000000001'],
      ['0.100000000000000001', '1'],
    ])
    expect(ofRow(['1', `1.${'0'.repeat(2000)}`])).toMatch(
      /^invalid_body: bids\[1\] amount is "1\.0+…" and/,
    )
  })

  test.each([[null], [7], ['row'], [{}], [[]], [[[]]]])(
    'with a row that is %j is invalid',
    (row) => {
      expect(ofRow(row)).toMatch(/^invalid_body: bids\[1\] /)
    },
  )

  test('whose sides are no arrays or are not there is invalid', () => {
    expect(refusal(name, shape({}, asks))).toBe('invalid_body: bids is an object, not an array')
    expect(refusal(name, shape([], undefined))).toBe('invalid_body: asks is missing')
    expect(refusal(name, shape(undefined, asks))).toMatch('invalid_body: bids is missing')
    expect(refusal(name, shape(null, asks))).toBe('invalid_body: bids is null, not an array')
  })

  test('cut anywhere is invalid, and never thrown at the caller', () => {
    const whole = JSON.stringify(shape([['2', '1']], asks))
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(name, whole.slice(0, length))).toMatch(/^invalid_body: (an empty|broken)/)
    }
  })
})

describe.each(Object.keys(SHAPES))('what %s would never send', (name) => {
  test.each([
    ['', 'invalid_body: an empty body'],
    [' \n', 'invalid_body: an empty body'],
    [
      '<html><head><title>502 Bad Gateway</title></head></html>',
      'invalid_body: no JSON: it begins "<html><head><title>502 Bad Gateway</titl…"',
    ],
    ['[]', 'invalid_body: no JSON object but an array'],
    ['null', 'invalid_body: no JSON object but null'],
    ['"book"', 'invalid_body: no JSON object but "book"'],
    ['{"bids":[', 'invalid_body: broken or cut-off JSON of 9 characters: it ends "{\\"bids\\":["'],
  ])('%j is named in few words', (body, detail) => {
    expect(refusal(name, body)).toBe(detail)
  })

  test('bytes that are no UTF-8 are invalid', () => {
    const answer = exchangeNamed(name)!.readBook(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))
    expect(answer).toEqual({ reason: 'invalid_body', detail: 'not UTF-8' })
  })

  test('nesting of any depth overflows nothing', () => {
    const deep = '['.repeat(200_000)
    const closed = deep + ']'.repeat(200_000)
    const bodies = [
      deep,
      `{"bids":${closed},"asks":[]}`,
      `{"error":${closed}}`,
      `{"result":${closed}}`,
    ]
    for (const body of bodies)
      expect(refusal(name, body)).toMatch(/^(invalid_body|exchange_error): /)
  })
})

describe('an error of', () => {
  test.each([
    ['coinbase', { message: 'NotFound' }, 'NotFound'],
    ['kraken', { error: ['EQuery:Unknown asset pair'] }, 'EQuery:Unknown asset pair'],
    [
      'kraken',
      { error: ['EAPI:Rate limit exceeded', 'EGeneral:x'], result: {} },
      'EAPI:Rate limit exceeded, EGeneral:x',
    ],
    ['kraken', { error: [7] }, 'no message'],
    ['bitstamp', { error: 'Invalid currency pair' }, 'Invalid currency pair'],
    ['bitstamp', { status: 'error', reason: 'Too many requests' }, 'Too many requests'],
    ['bitstamp', { status: 'error', reason: { __all__: ['Bad pair'] } }, 'Bad pair'],
    [
      'gemini',
      { result: 'error', reason: 'RateLimit', message: 'Slow down' },
      'RateLimit, Slow down',
    ],
    ['gemini', { result: 'error' }, 'no message'],
  ])('%s %j carries its message', (exchange, body, message) => {
    expect(refusal(exchange, body)).toBe(`exchange_error: ${message}`)
  })

  test('any exchange is cut where it is too long, and is well-formed text', () => {
    const answer = read(
      'coinbase',
      JSON.stringify({ message: `\u{1f600}${'x'.repeat(197)}\u{1f600}y` }),
    )
    expect('reason' in answer && answer.detail.length).toBe(200)
    const lone = read('coinbase', '{"message":"\\ud800"}')
    expect(lone).toEqual({ reason: 'exchange_error', detail: '�' })
  })

  test('Kraken with HTTP 200 asks to be tried again, a book does not', () => {
    const { asksToRetry } = exchangeNamed('kraken')!
    for (const start of [
      '{"error":["EService:Busy"]}',
      ' {\n "error" : [ "E',
      `{"error":["${'x'.repeat(999)}`,
    ]) {
      expect(asksToRetry?.(bytes(start))).toBe(true)
    }
    for (const start of ['{"error":[],"result":{', '{"error":', '', '<html>', '{"result":{}}']) {
      expect(asksToRetry?.(bytes(start))).toBe(false)
    }
    expect(exchangeNamed('coinbase')!.asksToRetry).toBeUndefined()
  })
})

describe('Kraken', () => {
  test('may call the pair what it likes, but only one', () => {
    const sides = { bids: [['1', '1', 1654302625]], asks: [] }
    expect(book('kraken', { error: [], result: { anything: sides } }).bids.size).toBe(1)
    expect(refusal('kraken', { result: { a: sides, b: sides } })).toBe(
      'invalid_body: result has 2 keys, not one',
    )
    expect(refusal('kraken', { result: {} })).toBe('invalid_body: result has 0 keys, not one')
    expect(refusal('kraken', { result: { a: 7 } })).toBe(
      'invalid_body: the book is 7, not an object',
    )
    expect(refusal('kraken', {})).toBe('invalid_body: result is missing, not an object')
  })
})

describe("a book's own time", () => {
  const sides = { bids: [], asks: [] }
  const timeOf = (exchange: string, fields: object) =>
    book(exchange, { ...sides, ...fields }).bookAtMs
  const noon = Date.parse('2026-11-21T12:00:00Z')

  test.each([
    ['2026-11-21T12:00:00Z', 0],
    ['2026-11-21T12:00:00.5Z', 500],
    ['2026-11-21T12:00:00.001999Z', 1],
    ['2026-11-21T12:00:00.999999999Z', 999],
  ])('of Coinbase, %s, is cut to the millisecond', (time, milliseconds) => {
    expect(timeOf('coinbase', { time })).toBe(noon + milliseconds)
  })

  test.each(['noon', '', 1700000000, '2026-13-41T12:00:00Z', '2026-11-21T12:00:00', {}])(
    'of Coinbase is invalid as %j',
    (time) => {
      expect(refusal('coinbase', { ...sides, time })).toMatch(
        /^invalid_body: time is .+, not a UTC time$/,
      )
    },
  )

  test('of Bitstamp is the finer one', () => {
    expect(
      timeOf('bitstamp', { timestamp: '1700000000', microtimestamp: '1700000000123999' }),
    ).toBe(1_700_000_000_123)
    expect(timeOf('bitstamp', { timestamp: '1700000000', microtimestamp: null })).toBe(
      1_700_000_000_000,
    )
    expect(refusal('bitstamp', { ...sides, timestamp: 1700000000 })).toMatch(
      /^invalid_body: timestamp is 1700000000, not/,
    )
    expect(refusal('bitstamp', { ...sides, microtimestamp: '1.7e15' })).toMatch(
      /^invalid_body: microtimestamp/,
    )
  })

  test('may be absent', () => {
    expect(timeOf('coinbase', {})).toBeUndefined()
    expect(timeOf('bitstamp', {})).toBeUndefined()
    expect(timeOf('gemini', { timestamp: '1700000000' })).toBeUndefined()
  })

  test('comes with whether an auction is on', () => {
    const isInAuction = (auction_mode?: unknown) =>
      book('coinbase', { ...sides, auction_mode }).isInAuction
    expect([true, false, null, undefined].map(isInAuction)).toEqual([true, false, false, false])
    expect(refusal('coinbase', { ...sides, auction_mode: 'yes' })).toMatch(
      /^invalid_body: auction_mode is "yes"/,
    )
  })
})

test('a size may be written with an exponent, as Coinbase has been seen to do', () => {
  const { bids, asks } = book('coinbase', { bids: [['10', '1e-8']], asks: [['11', '2.5E+1']] })
  expect(toText(bids.best!.amount)).toBe('0.00000001')
  expect(toText(asks.best!.amount)).toBe('25')
})

describe('a body that no record could hold', () => {
  test('because its time lies after every calendar', () => {
    const body = { timestamp: '999999999999', bids: [['1', '1']], asks: [['2', '1']] }
    expect(refusal('bitstamp', body)).toBe(
      'invalid_body: timestamp is "999999999999", not a time in seconds',
    )
  })

  test('because the rows of one price add up to too much', () => {
    const asks = [1, 2].map(() => ['0.000000000000000002', '999999999999999999'])
    expect(refusal('coinbase', { bids: [], asks })).toBe(
      'invalid_body: asks[1] brings the amount at one price to 10^18 or more',
    )
  })

  test('because a side is worth more than decimals have digits for', () => {
    const asks = Array.from({ length: 1_100 }, (_, at) => [
      String(999_999_999_999_000_000n + BigInt(at)),
      '999999999999999999',
    ])
    expect(refusal('coinbase', { bids: [], asks })).toBe(
      'invalid_body: asks are worth 10^39 or more together',
    )
    expect(book('coinbase', { bids: [], asks: asks.slice(0, 900) }).asks.size).toBe(900)
  })
})

test('what an exchange says reaches nobody’s terminal as a command', () => {
  const said = refusal('coinbase', { message: 'bad\u001b[2J\u001b]0;x\u0007\nnext\u0000 \u202e' })
  expect(said).toBe('exchange_error: bad [2J ]0;x next   ')
})
