import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, OrderBooks } from '../book/order-books.js'
import { applyTo, type PlainEvent } from '../testing/arbitrary-events.js'
import { closedEvent, openEvent } from '../testing/order-events.js'
import { Random } from '../testing/random.js'
import { inPieces, metaFor, restored, takeSnapshot } from '../testing/snapshots.js'
import { SnapshotEncoder } from './snapshot-encoder.js'
import { loadSnapshot, readSnapshotMeta } from './snapshot-reader.js'
import { TickPrinter } from './tick-message.js'

const WINDOW = 250

/** Books with a few of everything: text ids, closed ones, closes that wait, two partitions. */
function smallBooks(): OrderBooks {
  const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: WINDOW }, 3)
  const events: PlainEvent[] = [
    { id: 1, open: true, partition: 0 },
    { id: 2, open: true, partition: 1, symbol: 'ETH-USDT', side: 'SELL', size: '0.5' },
    { id: Number.MAX_SAFE_INTEGER, open: true, partition: 1, price: '999999999999999999' },
    { id: '18446744073709551615', open: true, partition: 0, size: '0.000000000000000001' },
    { id: '\u{1d11e}'.repeat(16), open: false, partition: 1 },
    { id: 3, open: true, partition: 0 },
    { id: 3, open: false, partition: 0 },
    { id: 'gone', open: true, partition: 1 },
    { id: 'gone', open: false, partition: 1 },
  ]
  for (const event of events) applyTo(books, event)
  return books
}

const small = takeSnapshot(smallBooks())
const pieces = (bytes: Uint8Array) => inPieces(bytes, 1000)

function refuses(bytes: Uint8Array, message: RegExp | string = '') {
  const error = { code: 'SNAPSHOT_REFUSED', exitCode: 4, message: expect.stringMatching(message) }
  return expect(readSnapshotMeta(pieces(bytes))).rejects.toMatchObject(error)
}

/** Where the frames of a snapshot begin, and its end. */
function frameStarts(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer)
  const starts = [16]
  while (starts.at(-1)! < bytes.length) {
    starts.push(starts.at(-1)! + 40 + view.getUint32(starts.at(-1)!, true))
  }
  return starts
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

describe('a snapshot', () => {
  test.each([1, 7, 1000, 1_000_000])('in pieces of %i bytes says what it is of', async (length) => {
    const books = smallBooks()
    expect(await readSnapshotMeta(inPieces(small, length))).toEqual({
      ...metaFor(books),
      partitionCrossings: 0,
      openOrders: 4,
      waitingCloses: 1,
      closedIds: 2,
    })
    const other = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: WINDOW }, 4)
    await loadSnapshot(inPieces(small, length), other)
    expect(new TickPrinter(other, 5).print()).toBe(new TickPrinter(books, 5).print())
  })

  test('of empty books is one, too', async () => {
    const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: WINDOW }, 1)
    const again = await restored(takeSnapshot(books), { closedWindow: WINDOW, seed: 2 })
    expect(again.openOrders).toBe(0)
  })

  test('starts at multiples of 8 with every frame, so that it can be read as typed arrays', () => {
    expect(frameStarts(small).filter((start) => start % 8 !== 0)).toEqual([])
    expect(frameStarts(small).at(-1)).toBe(small.length)
  })

  test('that was given up leaves the books free for the next one', () => {
    const books = smallBooks()
    const encoder = new SnapshotEncoder(books)
    expect(() => new SnapshotEncoder(books)).toThrow('records already')
    encoder.next()
    encoder.cancel()
    expect(takeSnapshot(books)).toEqual(small)
  })

  test('leaves little to the end, however many events come in between', () => {
    const books = smallBooks()
    const encoder = new SnapshotEncoder(books, 64)
    let id = 100
    for (let steps = 0; steps < 5000; steps++) {
      encoder.next()
      for (let count = 0; count < 10; count++, id++) {
        applyTo(books, { id, open: true, partition: 0 })
        applyTo(books, { id: id - 50, open: false, partition: id % 3 })
      }
    }
    const frames = encoder.finish(metaFor(books)).length
    // At most two frames of changed ids, one of closed ids for each partition, and the meta data.
    expect(frames).toBeLessThanOrEqual(2 + 3 + 1)
  })
})

test('no order is missed where the table moves them while it is walked', async () => {
  const random = new Random(8)
  const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: WINDOW }, 1)
  // Each order has a price of its own, so that the message with all levels names every one.
  const open = (id: number) => applyTo(books, { id, open: true, partition: 0, price: `${id + 1}` })
  for (let id = 0; id < 20_000; id++) open(id)
  const encoder = new SnapshotEncoder(books, 50)
  const frames: Uint8Array[] = []
  for (let bytes = encoder.next(); bytes !== undefined; bytes = encoder.next()) {
    frames.push(bytes)
    for (let count = 0; count < 10; count++) {
      open(20_000 + random.below(20_000))
      applyTo(books, { id: random.below(20_000), open: false, partition: 0 })
    }
  }
  frames.push(...encoder.finish(metaFor(books)))
  const again = await restored(joined(...frames), { closedWindow: WINDOW, seed: 2 })
  const all = Number.POSITIVE_INFINITY
  expect(new TickPrinter(again, all).print()).toBe(new TickPrinter(books, all).print())
})

test('tables that were fuller once are walked a part at a time', async () => {
  const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: 1 }, 1)
  // Above 0.7 × 4,096 in each of the 256 segments, of which the smallest has 0.0027 of all.
  const count = 1_200_000
  for (let id = 0; id < count; id++) books.apply(openEvent({ id }), 0)
  for (let id = 1; id < count; id++) books.apply(closedEvent(id), 0)
  const encoder = new SnapshotEncoder(books)
  let steps = 0
  while (encoder.next() !== undefined) steps++
  expect(steps).toBeGreaterThanOrEqual(256)
  encoder.cancel()
  const again = await restored(takeSnapshot(books), { closedWindow: 1, seed: 2 })
  expect(again.openOrders).toBe(1)
})

describe('refused is a snapshot', () => {
  test('of which any one bit is flipped', async () => {
    const random = new Random(7)
    for (let count = 0; count < 1000; count++) {
      const bytes = small.slice()
      bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
      await refuses(bytes)
      const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow: WINDOW }, 4)
      const code = 'SNAPSHOT_REFUSED'
      await expect(loadSnapshot(pieces(bytes), books)).rejects.toMatchObject({ code })
    }
  })

  test('that is cut short anywhere', async () => {
    for (let length = 0; length < small.length; length++) {
      await refuses(small.subarray(0, length), `cut short at byte ${length}$`)
    }
  })

  test('that anything follows', async () => {
    await refuses(joined(small, new Uint8Array(1)), `bytes follow its end at ${small.length}$`)
    await refuses(joined(small, small), 'bytes follow')
  })

  test('whose frames are swapped, missing or twice there', async () => {
    const [start = 0, first = 0, second = 0] = frameStarts(small)
    const [head, a, b] = [
      small.subarray(0, start),
      small.subarray(start, first),
      small.subarray(first, second),
    ]
    const rest = small.subarray(second)
    await refuses(joined(head, b, a, rest), 'frame 0')
    await refuses(joined(head, b, rest), 'frame 0')
    await refuses(joined(head, a, rest), 'frame 1')
    await refuses(joined(head, a, a, b, rest), 'frame 1')
    await refuses(joined(head, a, b, a, rest), 'frame 2')
  })

  test('of another format, and what is none at all', async () => {
    const other = small.slice()
    other[8] = 2
    await refuses(other, 'its format is 2, and this version of depthline reads 1 only')
    await refuses(new TextEncoder().encode('{"order_id":1,"status":"CLOSED"}'), 'does not begin')
  })

  test('that claims a length nobody writes, before memory is taken for it', async () => {
    const bytes = small.slice()
    new DataView(bytes.buffer).setUint32(16, 0xffff_fff8, true)
    await refuses(bytes, 'frame 0, .* is damaged')
  })

  test('of another closed window', async () => {
    const loading = restored(small, { closedWindow: 3, seed: 1 })
    await expect(loading).rejects.toThrow('its closed window is 250, not 3')
  })
})
