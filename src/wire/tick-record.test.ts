/** The tick message as an Avro record and back. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyEvents, applyAll } from '../testing/arbitrary-events.js'
import { AvroWriter, avroType, readAvro } from './avro-types.js'
import { parseTickMessage } from './tick-message.js'
import { type OrderBook, toOrderBook, toTickMessage } from './tick-record.js'

const schema = readFileSync(new URL('../../schemas/order-book.avsc', import.meta.url), 'utf8')
const type = avroType(JSON.parse(schema))
const writer = new AvroWriter(type)

describe('a tick message as Avro', () => {
  it('comes back as the same text, whatever the books', () => {
    fc.assert(
      fc.property(anyEvents(2), (events) => {
        const { message } = applyAll(events)
        const record = toOrderBook(message)
        const read = readAvro(type, writer.write(record, new Uint8Array())) as OrderBook
        expect(toTickMessage(read)).toBe(message)
      }),
    )
  })

  it('is an empty list for an empty book', () => {
    expect(
      toTickMessage(readAvro(type, writer.write(toOrderBook('[]'), new Uint8Array())) as OrderBook),
    ).toBe('[]')
  })

  it('holds the largest total and sum that 18 digits can give', () => {
    const [price, total] = ['999999999999999999', '999999999999999998000000000000000001']
    const text = `[{"symbol":"A","side":"buy_1","price":${price},"amount":${price},"total":${total},"cum_sum":${total}9999}]`
    expect(
      toTickMessage(readAvro(type, writer.write(toOrderBook(text), new Uint8Array())) as OrderBook),
    ).toBe(text)
  })

  it('lets no name of another writer pass for a row', () => {
    const [level] = toOrderBook(
      '[{"symbol":"A","side":"buy_1","price":1,"amount":1,"total":1,"cum_sum":1}]',
    ).levels
    const symbol = 'A","side":"buy_1","price":1,"amount":1,"total":1,"cum_sum":1},{"symbol":"B'
    const text = toTickMessage({ levels: [{ ...level!, symbol }] })
    expect(parseTickMessage(text)).toBeUndefined()
  })
})
