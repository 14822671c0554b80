/** The dead-letter record: the same bytes, or the beginning of them and no more. */
import { describe, expect, it } from 'vitest'
import { deadLetterOf } from './dead-letter.js'

const PLACE = { detail: '', topic: 'orders', partition: 2, offset: '7', timestamp: '1' }

describe('a dead letter', () => {
  it('holds the same bytes as the record that was rejected', () => {
    const rejected = { ...PLACE, reason: 'invalid_json', key: null, value: Buffer.from('{') }
    const { key, value, headers } = deadLetterOf(rejected)
    expect({ key, value }).toEqual({ key: null, value: Buffer.from('{') })
    expect(headers).toEqual({
      reason: 'invalid_json',
      detail: '',
      topic: 'orders',
      partition: '2',
      offset: '7',
      timestamp: '1',
    })
  })

  it('of a record that is too large keeps no more than its first 1 KiB in memory', () => {
    const value = Buffer.alloc(1_000_000, 'x')
    const letter = deadLetterOf({ ...PLACE, reason: 'too_large', key: null, value })
    expect(letter.value?.buffer.byteLength).toBe(1024)
    expect(letter.headers.length).toBe('1000000')
  })
})
