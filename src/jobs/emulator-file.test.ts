import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { toText } from '../book/decimal.js'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { NaiveBook } from '../oracle/naive-book.js'
import { OrderProcessor } from './order-processor.js'
import { replay } from './replay.js'

/** The original emulator's events, in the order in which they lie in its file. */
const FILE = fileURLToPath(new URL('../../../shared/data/emulator-orders.jsonl', import.meta.url))
const isThere = existsSync(FILE)
if (!isThere) console.warn(`skipped: ${FILE} is not there`)

const OPTIONS = { levels: Number.POSITIVE_INFINITY, limits: DEFAULT_LIMITS, seed: 1 }

describe.skipIf(!isThere)("the original emulator's file", () => {
  const bytes = isThere ? readFileSync(FILE) : Buffer.alloc(0)
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')

  test('leaves 4,174 open orders on 18 levels around the best prices 33990 and 34010', () => {
    const processor = new OrderProcessor(OPTIONS)
    for (const line of lines) {
      const record = Buffer.from(line)
      expect(processor.accept(record, 0, record.length, 0)).toBeUndefined()
    }
    expect(processor.books.openOrders).toBe(4174)
    expect([...processor.books.books()].map((book) => book.symbol)).toEqual(['BTC-USDT'])
    const { bids, asks } = processor.books.book('BTC-USDT')!
    expect([toText(bids.best!.price), toText(bids.best!.amount)]).toEqual(['33990', '120.05'])
    expect([toText(asks.best!.price), toText(asks.best!.amount)]).toEqual(['34010', '134.91'])
    expect(bids.size + asks.size).toBe(18)
    expect(processor.counts()).toMatchObject({ rejected: 0, tombstones: 0 })
  })

  test("replays to the naive book's message at every tick", async () => {
    const naive = new NaiveBook()
    let fed = 0
    const ticks = { compared: 0 }
    async function* input(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 9973) yield bytes.subarray(at, at + 9973)
    }
    const writeTick = async (tick: string) => {
      for (const line of lines.slice(fed, fed + 100)) naive.accept(Buffer.from(line), 0)
      fed += 100
      expect(tick).toBe(`${naive.message()}\n`)
      ticks.compared++
    }
    const { signal } = new AbortController()
    const ports = { input: input(), signal, writeTick }
    const counts = await replay(ports, { ...OPTIONS, eventsPerTick: 100 })
    expect(ticks.compared).toBe(Math.ceil(lines.length / 100))
    expect(counts.records).toBe(lines.length)
    expect(naive.openOrders).toBe(4174)
    expect(Object.entries(counts.byOutcome).filter(([, count]) => count > 0)).toEqual(
      [...naive.byOutcome].toSorted(([a], [b]) => order(a) - order(b)),
    )
    function order(name: string): number {
      return Object.keys(counts.byOutcome).indexOf(name)
    }
  })
})
