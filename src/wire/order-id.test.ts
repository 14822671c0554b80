import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openText, readRecord } from '../testing/read-record.js'
import { readOrderId } from './order-id.js'

/** The id that a record with this raw `order_id` has, or undefined where it is invalid. */
function idOf(raw: string): number | string | undefined {
  const read = readRecord(openText({ order_id: raw }))
  if (read === 'invalid_field') return undefined
  if (typeof read === 'string' || !('id' in read)) throw new Error(`${raw}: ${read}`)
  return read.id
}

describe('an order id that is a number', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', 1_000_000_000_000_000],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['10000000000000000', '10000000000000000'],
    ['18446744073709551614', '18446744073709551614'],
    ['18446744073709551615', '18446744073709551615'],
  ])('%s keeps every digit', (raw, id) => {
    expect(idOf(raw)).toBe(id)
  })

  test.each([
    ...['18446744073709551616', '18446744073709551617', '99999999999999999999', '9'.repeat(300)],
    ...['-0', '-1', '1.0', '0.0', '1e3', '1E0', '1e0', '0e0', '1.5', '-9007199254740993'],
  ])('%s is invalid', (raw) => {
    expect(idOf(raw)).toBeUndefined()
  })
})

describe('an order id that is a string', () => {
  test('is one with the number of the same text', () => {
    for (const digits of [
      '0',
      '1',
      '9007199254740991',
      '9007199254740992',
      '18446744073709551615',
    ]) {
      expect(idOf(`"${digits}"`)).toBe(idOf(digits))
    }
    expect(idOf('"\\u0031"')).toBe(1)
  })

  test.each(['01', '00', '1.0', '-0', '-1', '+1', ' 1', '1 ', '1e3', '18446744073709551616'])(
    '%j is another id than any number',
    (text) => {
      expect(idOf(JSON.stringify(text))).toBe(text)
    },
  )

  test.each([
    ['a uuid', '6fa459ea-ee8a-3ca4-894e-db77e160355e'],
    ['64 bytes', 'a'.repeat(64)],
    ['64 bytes of two-byte characters', 'é'.repeat(32)],
    ['64 bytes of four-byte characters', '😀'.repeat(16)],
    ['a control character, which JSON must escape', '\u0000\n'],
    ['quote and backslash', '"\\'],
    ['the replacement character', '\uFFFD'],
    ['a BOM, which stays', '\uFEFF1'],
    ['a decomposed é, which stays decomposed', 'e\u0301'],
  ])('may be %s, plain or escaped', (_, text) => {
    expect(idOf(JSON.stringify(text))).toBe(text)
    const units = text.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
    expect(idOf(`"${units.map((unit) => `\\u${unit}`).join('')}"`)).toBe(text)
  })

  test.each([
    ['empty', '""'],
    ['65 bytes', `"${'a'.repeat(65)}"`],
    ['65 bytes, escaped', `"${'\\u0061'.repeat(65)}"`],
    ['33 two-byte characters', `"${'é'.repeat(33)}"`],
    ['22 escaped three-byte characters', `"${'\\u20ac'.repeat(22)}"`],
    ['a lone upper surrogate', '"\\ud800"'],
    ['a lone lower surrogate', '"a\\udc00"'],
    ['surrogates the wrong way round', '"\\ude00\\ud83d"'],
  ])('may not be %s', (_, raw) => {
    expect(idOf(raw)).toBeUndefined()
  })

  test.each(['true', 'false', '[]', '[1]', '{}', '{"order_id":1}'])(
    'may not be %s instead',
    (raw) => {
      expect(idOf(raw)).toBeUndefined()
    },
  )
})

describe('ids are equal exactly where their texts are', () => {
  test('for any integers below 2^64, as numbers and as strings', () => {
    const integer = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const near = fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n })
    fc.assert(
      fc.property(fc.oneof(integer, near), (value) => {
        const id = idOf(`${value}`)
        expect(`${id}`).toBe(`${value}`)
        expect(typeof id).toBe(value < 2n ** 53n ? 'number' : 'string')
        expect(idOf(`"${value}"`)).toBe(id)
      }),
      { seed: 6, numRuns: 1000 },
    )
  })

  test('for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
        const { length } = new TextEncoder().encode(text)
        const isValid = length >= 1 && length <= 64
        const id = idOf(JSON.stringify(text))
        expect(id === undefined ? undefined : `${id}`).toBe(isValid ? text : undefined)
        expect(id).toBe(readOrderId.fromText(text))
      }),
      { seed: 7, numRuns: 1000 },
    )
  })
})
