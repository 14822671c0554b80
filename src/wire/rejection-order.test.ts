import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { OrderProcessor } from '../jobs/order-processor.js'
import { openText, readRecord } from '../testing/read-record.js'

/** An object whose faults are in these members, in front of an order's members. */
function faulty(...members: string[]): string {
  return `{${members.join(',')}}`
}

const DUPLICATE = '"x":1,"x":1'
const MISSING = '"order_id":1,"status":"OPEN","symbol":"A","order_side":"BUY","size":1'
const INVALID = '"order_id":-1,"status":"OPEN","symbol":"A","order_side":"BUY","size":1,"price":1'

describe('where several faults apply, the first is the reason:', () => {
  test.each([
    ['too_large before invalid_json', 'too_large', '['.repeat(65_537)],
    ['too_large before not_an_object', 'too_large', `"${'x'.repeat(65_536)}"`],
    ['too_large before missing_field', 'too_large', `{${' '.repeat(65_536)}}`],
    ['invalid_json before not_an_object', 'invalid_json', '[1,]'],
    ['invalid_json before duplicate_key', 'invalid_json', faulty(DUPLICATE, '"y":NaN')],
    ['invalid_json after the end before duplicate_key', 'invalid_json', `${faulty(DUPLICATE)} x`],
    ['invalid_json before missing_field', 'invalid_json', '{"order_id":1,}'],
    ['invalid_json at the end before invalid_field', 'invalid_json', `${faulty(INVALID)}\u0000`],
    [
      'invalid_json in a field that is not looked at',
      'invalid_json',
      '{"order_id":1,"status":"CLOSED","size":01}',
    ],
    ['not_an_object before duplicate_key', 'not_an_object', `[${faulty(DUPLICATE)}]`],
    ['duplicate_key before missing_field', 'duplicate_key', faulty(DUPLICATE, MISSING)],
    ['duplicate_key alone before missing_field', 'duplicate_key', faulty(DUPLICATE)],
    ['duplicate_key before invalid_field', 'duplicate_key', faulty(INVALID, DUPLICATE)],
    [
      'duplicate_key of a null and a value',
      'duplicate_key',
      '{"order_id":null,"order_id":1,"status":"CLOSED"}',
    ],
    [
      'missing_field before an invalid order_id',
      'missing_field',
      '{"order_id":1.5,"status":"OPEN"}',
    ],
    [
      'missing_field before an invalid size',
      'missing_field',
      openText({ size: '-1', price: 'null' }),
    ],
    [
      'missing_field before an invalid created_at',
      'missing_field',
      openText({ created_at: '""', symbol: undefined }),
    ],
    ['missing order_id before an invalid status', 'missing_field', '{"status":"DONE"}'],
    [
      'invalid status before what only an OPEN needs',
      'invalid_field',
      '{"order_id":1,"status":"DONE"}',
    ],
    ['invalid status of a wrong type likewise', 'invalid_field', '{"order_id":1,"status":1}'],
    [
      'invalid_field where several are',
      'invalid_field',
      openText({ order_id: '1.0', size: '"x"' }),
    ],
  ])('%s', (_, reason, text) => {
    expect(readRecord(text)).toBe(reason)
  })

  test('whatever the record says comes before what the books say of it', () => {
    const processor = new OrderProcessor({ levels: 5, limits: DEFAULT_LIMITS, seed: 1 })
    const accept = (text: string) => {
      const bytes = new TextEncoder().encode(text)
      return processor.accept(bytes, 0, bytes.length, 0)
    }
    expect(accept(openText())).toBeUndefined()
    expect(accept(openText({ symbol: '"B"', size: '0' }))).toBe('invalid_field')
    expect(accept(openText({ symbol: '"B"' }))).toBe('symbol_changed')
    expect(accept('{"order_id":1,"status":"CLOSED"}')).toBeUndefined()
    expect(accept(openText({ price: null as never }))).toBe('missing_field')
    expect(accept(openText({ symbol: '"B"' }))).toBe('order_already_closed')
  })
})

describe('the detail of a rejection', () => {
  test('is short and shows nothing of the record', () => {
    const secret = 'SECRET'.repeat(50)
    const processor = new OrderProcessor({ levels: 5, limits: DEFAULT_LIMITS, seed: 1 })
    const texts = [
      secret,
      `"${secret}"`,
      `{"${secret}":1,"${secret}":1}`,
      openText({ order_id: `"${secret}"` }),
      ...['symbol', 'order_side', 'size', 'price', 'status', 'created_at'].map((field) =>
        openText({ [field]: `"${secret}"` }),
      ),
    ]
    for (const text of texts) {
      const bytes = new TextEncoder().encode(text)
      expect(processor.accept(bytes, 0, bytes.length, 0)).toBeDefined()
      expect(processor.detail).not.toContain('SECRET')
      expect(processor.detail.length).toBeGreaterThan(0)
      expect(processor.detail.length).toBeLessThanOrEqual(200)
    }
  })
})
