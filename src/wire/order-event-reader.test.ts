import { describe, expect, test } from 'vitest'
import { openText, readRecord } from '../testing/read-record.js'
import { OrderEventReader } from './order-event-reader.js'

const ORDER = { id: 1, symbol: 'BTC-USDT', side: 'BUY', size: '1', price: '100' }

describe('a record of the brief', () => {
  test('opens an order', () => {
    const text =
      '{"order_id":1,"symbol":"BTC-USDT","order_side":"BUY","size":1,"price":393078814.9,' +
      '"status":"OPEN","created_at":1693973208}'
    expect(readRecord(text)).toEqual({ ...ORDER, price: '393078814.9' })
  })

  test('closes an order', () => {
    const text = '{"order_id":1,"status":"CLOSED","created_at":1693973208}'
    expect(readRecord(text)).toEqual({ closed: 1 })
  })

  test('closes an order as the original emulator writes it: nulls, over several lines', () => {
    const text = `{
    "order_id": 7,
    "symbol": null,
    "order_side": null,
    "size": null,
    "price": null,
    "status": "CLOSED",
    "created_at": 1693979408
}`
    expect(readRecord(text)).toEqual({ closed: 7 })
    expect(readRecord(text.replaceAll('\n', '\r\n\t'))).toEqual({ closed: 7 })
  })
})

describe('a close', () => {
  test.each([
    ['no created_at', '{"order_id":1,"status":"CLOSED"}'],
    [
      'garbage that is valid JSON in every other field',
      openText({
        status: '"CLOSED"',
        symbol: '[[{"symbol":1,"symbol":2}]]',
        order_side: 'false',
        size: '"not a number"',
        price: '-1e999999',
      }),
    ],
    ['an order that could not be opened', openText({ status: '"CLOSED"', size: '0' })],
  ])('needs only its id: %s', (_, text) => {
    expect(readRecord(text)).toEqual({ closed: 1 })
  })
})

describe('strings and keys', () => {
  test('mean their unescaped text', () => {
    const text =
      '{"\\u006frder_id":"\\u0031","s\\u0079mbol":"BTC\\u002dUSDT","order\\u005Fside":"\\u0042UY",' +
      '"\\u0073ize":"\\u0031","pric\\u0065":"1\\u00300","stat\\u0075s":"OP\\u0045N",' +
      '"\\u0063reated_at":1}'
    expect(readRecord(text)).toEqual(ORDER)
  })

  test('may come in any order, with white space anywhere', () => {
    const text =
      ' {\t"price" :\n100 ,"status"\r:"OPEN", "size":1,"order_side":"BUY" ,' +
      '"symbol": "BTC-USDT"\n,"order_id":1 } \r\n'
    expect(readRecord(text)).toEqual(ORDER)
  })
})

describe('unknown fields', () => {
  test.each([
    ['any value', 'null'],
    ['a nested object that repeats its keys', '{"a":1,"a":2,"size":3,"size":4}'],
    ['an array of such', '[{"order_id":1,"order_id":1},{"order_id":1}]'],
    ['a lone surrogate', '"\\ud800"'],
    ['a number beyond every range', '-1e999999999'],
    ['32,000 nested arrays', `${'['.repeat(32_000)}1${']'.repeat(32_000)}`],
    ['10,000 nested objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ])('are passed over, whatever they hold: %s', (_, raw) => {
    expect(readRecord(openText({ x: raw }))).toEqual(ORDER)
  })

  test.each([
    '',
    'Order_id',
    'ORDER_ID',
    'order_id ',
    'sizes',
    'siz',
    '__proto__',
    'toString',
    'é',
  ])('are those that are not named exactly like a known one: %j', (key) => {
    expect(readRecord(openText({ [key]: '"x"' }))).toEqual(ORDER)
  })

  test('may be lone surrogates that differ', () => {
    const text = openText({ '\\ud800': '1', '\\ud801': '1', '\\uDFFF': '1' })
    expect(readRecord(text)).toEqual(ORDER)
  })

  test('are forgotten with the record that had them', () => {
    for (let round = 0; round < 3; round++) {
      expect(readRecord(openText({ x: '1', y: '2' }))).toEqual(ORDER)
    }
  })
})

describe('created_at', () => {
  test.each(['null', '0', '-5', '1693973208.5', '1e400', '-0', '123456789012345678901234567890'])(
    'may be null or any number, such as %s',
    (raw) => {
      expect(readRecord(openText({ created_at: raw }))).toEqual(ORDER)
      expect(readRecord(`{"order_id":1,"status":"CLOSED","created_at":${raw}}`)).toEqual({
        closed: 1,
      })
    },
  )

  test.each(['"1693973208"', '""', 'true', 'false', '[]', '[1]', '{}', '{"a":1}'])(
    'of another type is invalid: %s',
    (raw) => {
      expect(readRecord(openText({ created_at: raw }))).toBe('invalid_field')
      expect(readRecord(`{"order_id":1,"status":"CLOSED","created_at":${raw}}`)).toBe(
        'invalid_field',
      )
    },
  )
})

describe('symbols', () => {
  test.each(['A', '0', 'BTC-USDT', 'a.b/c:d_e-f', 'Z'.repeat(32), '9:'])('may be %s', (symbol) => {
    expect(readRecord(openText({ symbol: `"${symbol}"` }))).toEqual({ ...ORDER, symbol })
  })

  test.each([
    ...['""', '"-A"', '".A"', '"_"', '"/A"', '":A"', '"A B"', '"A\\u0000"', '"\\ud800"', '"é"'],
    ...['"A\\n"', '"１"', '"A,"', '5', 'true', '[]', '{}', `"${'Z'.repeat(33)}"`, '"A\\""'],
  ])('may not be %s', (raw) => {
    expect(readRecord(openText({ symbol: raw }))).toBe('invalid_field')
  })

  test('that were read before are never mixed up', () => {
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 20_000; index++) {
        const read = readRecord(openText({ symbol: `"S${index}"` }))
        if (typeof read === 'string' || !('symbol' in read))
          throw new Error(`S${index} was rejected`)
        if (read.symbol !== `S${index}`) throw new Error(`S${index} was read as ${read.symbol}`)
      }
    }
  })
})

describe('a record in the midst of other bytes', () => {
  test('is read alone: nothing before its start or after its end counts', () => {
    const reader = new OrderEventReader()
    const whole = new TextEncoder().encode(`{"x":${openText()}}7]`)
    const end = whole.length - 3
    expect(reader.read(whole, 5, end)).toBeUndefined()
    expect(reader.read(whole, 5, end + 1)).toBe('invalid_json')
    expect(reader.read(whole, 5, end - 1)).toBe('invalid_json')
    expect(reader.read(whole, end + 1, end + 2)).toBe('not_an_object')
    expect(reader.read(whole, 7, 7)).toBe('invalid_json')
  })
})
