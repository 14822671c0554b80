/** `--by-symbol` on a clock that the test moves: the topic equals the message, symbol by symbol. */
import { describe, expect, it } from 'vitest'
import { DepthlineError } from '../errors.js'
import { FakeClock } from '../testing/fake-clock.js'
import {
  Logged,
  MemoryTransactions,
  progressOf,
  type RunningJob,
  START,
  startJob,
} from '../testing/memory-job.js'
import type { Progress } from '../wire/progress.js'
import { BySymbol } from './by-symbol.js'
import type { BookOutput } from './ports.js'
import type { Commit } from './publisher.js'

const TOPIC = 'order-book.by-symbol'
const FIRST = START / 1000 + 1

const open = (id: number, symbol: string, price = 10) =>
  `{"order_id":${id},"symbol":"${symbol}","order_side":"BUY","size":1,"price":${price},"status":"OPEN"}`
const close = (id: number) => `{"order_id":${id},"status":"CLOSED"}`

/** What the topic holds: the newest value of each symbol. */
function topicOf(transactions: MemoryTransactions): Map<string, string> {
  const topic = new Map<string, string>()
  for (const { symbol, value } of transactions.commits.flatMap(({ ladders = [] }) => ladders)) {
    if (value === null) topic.delete(symbol)
    else topic.set(symbol, new TextDecoder().decode(value))
  }
  return topic
}

/** The symbols that a tick brought, in order; those whose book was empty in brackets. */
function broughtBy(transactions: MemoryTransactions, tick: number): string[] {
  const { ladders = [] } = transactions.commits.find((commit) => commit.tick?.tick === tick)!
  return ladders.map(({ symbol, value }) => (value === null ? `(${symbol})` : symbol)).sort()
}

function startBySymbol(transactions = new MemoryTransactions()): Promise<RunningJob> {
  const symbols = async () => topicOf(transactions).keys()
  return startJob({ transactions, ladders: { topic: TOPIC, symbols } })
}

function commitOf(tick: number): Commit<Progress, BookOutput> {
  const { tick: _, ...position } = progressOf({})
  const output = { tick: { tick, value: new Uint8Array(2), headers: {} }, deadLetters: [] }
  return { output, position: { ...position, tick } }
}

/** The message put together from the ladders. */
function joined(topic: ReadonlyMap<string, string>): string {
  const rows = [...topic.keys()].sort().map((symbol) => topic.get(symbol)!.slice(1, -1))
  return `[${rows.join(',')}]`
}

const tooLarge = () => new DepthlineError('TICK_TOO_LARGE', 'a tick of many bytes')

describe('ladders by symbol', () => {
  it('are those that changed, byte for byte as in the message, and a tombstone where a book is empty', async () => {
    const { clock, source, transactions, stop } = await startBySymbol()
    await source.feed(0, [open(1, 'A'), open(2, 'B'), open(3, 'B', 11)])
    await clock.advance(1000)
    await source.feed(0, [open(4, 'C'), close(1), close(2)])
    await clock.advance(2000)
    await stop()
    expect(broughtBy(transactions, FIRST)).toEqual(['A', 'B'])
    expect(broughtBy(transactions, FIRST + 1)).toEqual(['(A)', 'B', 'C'])
    expect(broughtBy(transactions, FIRST + 2)).toEqual([])
    const row = '"side":"buy_1","price":11,"amount":1,"total":11,"cum_sum":11}'
    expect(topicOf(transactions).get('B')).toBe(`[{"symbol":"B",${row}]`)
    expect(joined(topicOf(transactions))).toBe(transactions.ticks.at(-1)!.value)
  })

  it('come with the next tick where a tick was not published', async () => {
    const { clock, source, transactions, stop } = await startBySymbol()
    transactions.before = async (tick) => tick?.tick !== FIRST
    await source.feed(0, [open(1, 'A'), open(2, 'B')])
    await clock.advance(1100)
    await source.feed(0, [close(2)])
    await clock.advance(1900)
    await stop()
    expect(transactions.ticks.map(({ tick }) => tick)).not.toContain(FIRST)
    expect(joined(topicOf(transactions))).toBe(transactions.ticks.at(-1)!.value)
    expect([...topicOf(transactions).keys()]).toEqual(['A'])
  })

  it('of another process are all published again, and taken away where the symbol has vanished', async () => {
    const transactions = new MemoryTransactions()
    const first = await startBySymbol(transactions)
    const before = [open(1, 'A'), open(2, 'B')]
    await first.source.feed(0, before)
    await first.clock.advance(1000)
    await first.stop()
    const ticks = transactions.ticks.length

    const second = await startBySymbol(transactions)
    const applied = second.source.feed(0, before)
    await second.clock.advance(0)
    await Promise.all([applied, second.source.feed(1, [close(1)])])
    // The same clock starts again, so the first second has had its tick.
    await second.clock.advance(2000)
    await second.stop()
    const news = transactions.ticks.slice(ticks).map(({ tick }) => tick)
    expect(broughtBy(transactions, news[0]!)).toEqual(['(A)', 'B'])
    expect(joined(topicOf(transactions))).toBe(transactions.ticks.at(-1)!.value)
  })

  it('go with later ticks where they are more than one tick may take, which says so', async () => {
    const { clock, source, transactions, stop } = await startBySymbol()
    // Some 90 bytes a row and 100 a record: more than 16 MB.
    const symbols = Array.from({ length: 90_000 }, (_, id) => open(id, `SYMBOL-${id}`))
    for (let at = 0; at < symbols.length; at += 1_000) {
      void source.feed(0, symbols.slice(at, at + 1_000))
    }
    for (let turn = 0; turn < 1_000; turn++) await clock.advance(0)
    await clock.advance(1000)
    for (let turn = 0; turn < 1_000; turn++) await clock.advance(0)
    await clock.advance(1000)
    for (let turn = 0; turn < 1_000; turn++) await clock.advance(0)
    await stop()
    const behind = transactions.ticks.map(({ headers }) => headers.by_symbol_behind)
    expect(Number(behind[0])).toBeGreaterThan(0)
    expect(behind.at(-1)).toBeUndefined()
    expect(topicOf(transactions).size).toBe(symbols.length)
  })
})

describe('ladders that take longer than a second', () => {
  it('are fewer after each tick that comes too late, so that ticks go on', async () => {
    const symbols = Array.from({ length: 20_000 }, (_, id) => `SYMBOL-${id}`)
    const published: number[] = []
    const bySymbol = new BySymbol({
      processor: {
        watchSymbols: (onChange) => symbols.forEach(onChange),
        ladder: () => new Uint8Array(900),
      },
      publisher: {
        // 1,000 bytes each with what a record takes: 5 MB go out within a second.
        async commit({ output: { ladders = [] } }) {
          const isInTime = ladders.length <= 5_000
          if (isInTime) published.push(ladders.length)
          return isInTime
        },
        renew: async () => {},
      },
      ladders: { topic: TOPIC, symbols: async () => [] },
      ...{ clock: new FakeClock(START), log: new Logged() },
    })
    for (let tick = 0; tick < 20; tick++) await bySymbol.commit(commitOf(tick))
    expect(published.reduce((sum, count) => sum + count, 0)).toBe(symbols.length)
    expect(published[0]).toBeGreaterThan(4_000)
  })
})

describe('a message above the limit', () => {
  const large = Array.from({ length: 40 }, (_, id) => open(id, `S${id}`))

  it('gives way in its own second to the ladders, and comes back when it is small again', async () => {
    const { clock, source, transactions, log, stop } = await startBySymbol()
    transactions.before = async (tick) => {
      if ((tick?.value?.length ?? 0) > 1_000) throw tooLarge()
      return true
    }
    await source.feed(0, large)
    await clock.advance(3000)
    await source.feed(0, large.map((_, id) => close(id)).slice(1))
    await clock.advance(1000)
    await stop()
    const ticks = transactions.commits.flatMap(({ tick }) => tick ?? [])
    expect(ticks.map(({ tick }) => tick - FIRST)).toEqual([0, 1, 2, 3])
    expect(ticks.map(({ value }) => value === null)).toEqual([true, true, true, false])
    expect(ticks.map(({ headers }) => headers.by_symbol)).toEqual([TOPIC, TOPIC, TOPIC, undefined])
    expect(ticks[0]!.headers).toMatchObject({ offsets: '{"0":40,"1":0}', missed: '0' })
    expect(log.lines.filter((line) => line === 'the message gives way')).toHaveLength(1)
    expect([...topicOf(transactions).keys()]).toEqual(['S0'])
  })

  it('ends the job where nobody asked for ladders', async () => {
    const { clock, source, transactions, done } = await startJob()
    transactions.before = async (tick) => {
      if ((tick?.value?.length ?? 0) > 1_000) throw tooLarge()
      return true
    }
    await source.feed(0, large)
    await clock.advance(1000)
    await expect(done).rejects.toMatchObject({ code: 'TICK_TOO_LARGE' })
  })
})
