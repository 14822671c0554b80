/** Which messages of the output topic are ticks, whoever wrote them. */
import { describe, expect, it } from 'vitest'
import { readTick } from './tick.js'

const TICK = 1_700_000_000
const ROW = '{"symbol":"A","side":"buy_1","price":1,"amount":1,"total":1,"cum_sum":1}'

const read = (change: { tick?: string; text?: string }) => {
  const { tick = String(TICK), text = `[${ROW}]` } = change
  return readTick({ text, headers: { tick }, timestampMs: TICK * 1000 }, undefined)
}

describe('a message', () => {
  it('of its own second is a tick', () => {
    expect(read({})).toMatchObject({ tick: TICK })
  })

  it.each(['8000000000000', String(TICK + 1), String(TICK - 1)])(
    'with the header tick %s in another second’s record is none, for it would hold up all others',
    (tick) => {
      expect(read({ tick })).toContain("lies in another second's record")
    },
  )

  it('that gave way is none, and says where its books are', () => {
    const headers = { tick: String(TICK), by_symbol: 'order-book.by-symbol' }
    const found = readTick({ text: undefined, headers, timestampMs: TICK * 1000 }, undefined)
    expect(found).toContain('too large for a message: its books are in order-book.by-symbol')
  })

  it('with numbers of any length is none, for every reader would have to work on them', () => {
    const text = `[${ROW.replace('"price":1', `"price":1${'0'.repeat(100)}`)}]`
    expect(read({ text })).toContain('numbers that no order can have')
  })
})
