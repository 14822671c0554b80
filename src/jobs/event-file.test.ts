import { describe, expect, test } from 'vitest'
import { MAX_RECORD_BYTES } from '../wire/order-event-reader.js'
import { readEventFile } from './event-file.js'

const encode = (text: string) => new TextEncoder().encode(text)

/** The text in pieces of `size` bytes that share one buffer, as a stream may hand them out. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = encode(text)
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.from(bytes.subarray(at, at + size))
    yield piece
    piece.fill(0)
  }
}

async function readAll(text: string, size: number, options?: { noKey: boolean }) {
  const records: { key: string | null; value: string }[] = []
  const decoder = new TextDecoder()
  const kept: { key: string | null; value: Uint8Array }[] = []
  for await (const record of readEventFile(pieces(text, size), options)) kept.push(record)
  for (const { key, value } of kept) records.push({ key, value: decoder.decode(value) })
  return records
}

const OPEN =
  '{"order_id": 7, "symbol": "BTC-USDT", "order_side": "BUY", "size": 1, "price": 2.50, "status": "OPEN"}'
const CLOSE = '{"status":"CLOSED","order_id":"a\\u0062c","symbol":null}\r'
const HUGE_ID = '{"order_id":18446744073709551615,"status":"CLOSED"}'
const BROKEN = '{"order_id":8,"status":"OPE'

describe('an event file', () => {
  test.each([1, 3, 64, 10_000])(
    'gives every line unchanged, with its id as the key, in pieces of %d bytes',
    async (size) => {
      const text = `${OPEN}\n\n  \r\n${CLOSE}\n${HUGE_ID}\n${BROKEN}`
      expect(await readAll(text, size)).toEqual([
        { key: '7', value: OPEN },
        { key: 'abc', value: CLOSE },
        { key: '18446744073709551615', value: HUGE_ID },
        { key: null, value: BROKEN },
      ])
    },
  )

  test('gives null keys throughout where asked', async () => {
    const records = await readAll(`${OPEN}\n${HUGE_ID}\n`, 100, { noKey: true })
    expect(records.map(({ key }) => key)).toEqual([null, null])
  })

  test('gives nothing for an empty file', async () => {
    expect(await readAll('', 10)).toEqual([])
  })

  test('keeps a line that is too large too large', async () => {
    const [record] = await readAll(`{"order_id":1,"note":"${'x'.repeat(100_000)}"}\n`, 1000)
    expect(record!.key).toBeNull()
    expect(record!.value.length).toBeGreaterThan(MAX_RECORD_BYTES)
  })
})
