/** The stream: one encoding for all readers, resuming, gaps, and readers that take nothing. */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import {
  FIRST_TICK,
  giveRound,
  giveTicks,
  StreamReader,
  startWeb,
  type TestWeb,
} from '../testing/web.js'
import { EventLog } from './event-log.js'
import { EventStream, type ReaderOutput, STREAM_LIMITS } from './stream.js'

let web: TestWeb
afterEach(() => web?.server.close())

const ids = (events: readonly { id: string | undefined }[]) => {
  return events.map(({ id }) => Number(id) - FIRST_TICK)
}
const SUM = '1234567890123456789.000000000000000001'
const LEVEL = expect.any(Array)
const isTick = ({ event }: { event: string }) => event === 'tick'

describe('the stream', () => {
  it('sends the newest tick at once and then each as it comes, the same to all', async () => {
    web = await startWeb()
    giveTicks(web, FIRST_TICK, 3)
    const url = `${web.url}/api/v1/stream`
    const readers = await Promise.all([1, 2, 3].map(() => StreamReader.open(url)))
    await readers[0]!.take(1)
    giveTicks(web, FIRST_TICK + 3, 20)
    for (const reader of readers) {
      const events = await reader.take(21)
      expect(ids(events)).toEqual(Array.from({ length: 21 }, (_, n) => n + 2))
      expect(events).toEqual(readers[0]!.events)
      reader.close()
    }
    expect(readers[0]!.events[1]!.data).toMatchObject({
      ...{ tick: FIRST_TICK + 3, missed: 0, rejected: 1, crossed: [], lateness_ms: 12 },
      books: { 'BTC-USDT': { bids: [['999.31', '2.5', '1.5', SUM], LEVEL, LEVEL] } },
    })
  })

  it('goes on after the tick that a reader saw last, by header or by query', async () => {
    web = await startWeb()
    giveTicks(web, FIRST_TICK, 50)
    const url = `${web.url}/api/v1/stream`
    const last = String(FIRST_TICK + 44)
    for (const reader of [
      await StreamReader.open(url, { 'last-event-id': last }),
      await StreamReader.open(`${url}?last=${last}`),
      await StreamReader.open(`${url}?last=5`, { 'last-event-id': last }),
    ]) {
      expect(ids(await reader.take(5))).toEqual([45, 46, 47, 48, 49])
      reader.close()
    }
  })

  it('says which ticks are no longer kept', async () => {
    web = await startWeb()
    giveTicks(web, FIRST_TICK, 650)
    const reader = await StreamReader.open(`${web.url}/api/v1/stream?last=${FIRST_TICK + 9}`)
    const [gap, ...ticks] = await reader.take(601)
    expect(gap).toMatchObject({
      event: 'gap',
      data: { from: FIRST_TICK + 10, to: FIRST_TICK + 49 },
    })
    expect(ids(ticks)).toEqual(Array.from({ length: 600 }, (_, n) => n + 50))
    reader.close()
  })

  it('tells of a round when all of its books are there, or after three seconds', async () => {
    web = await startWeb()
    const reader = await StreamReader.open(`${web.url}/api/v1/stream`)
    giveRound(web, FIRST_TICK * 1000)
    const rounds = await reader.take(2)
    expect(rounds.map(({ event, data }) => [event, data.market, data.prices.length])).toEqual([
      ['round', 'BTC-USD', 8],
      ['round', 'ETH-USD', 8],
    ])
    const [round] = web.server.rounds.since(0, 'BTC-USD')
    web.server.rounds.takeAnalytics(
      { ...round!.analytics!, poll_at: FIRST_TICK * 1000 + 60_000 },
      true,
    )
    web.server.publish()
    await sleep(100)
    expect(reader.events).toHaveLength(2)
    web.clock.nowMs += 3_001
    const [, , late] = await reader.take(3)
    expect(late!.data.prices).toEqual([])
    giveRound(web, FIRST_TICK * 1000 - 60_000, false)
    await sleep(100)
    expect(reader.events).toHaveLength(3)
    reader.close()
  })

  it('refuses a wrong id, and readers above the limit, until one leaves', async () => {
    web = await startWeb({ streams: 2 })
    const url = `${web.url}/api/v1/stream`
    expect((await web.get('/api/v1/stream?last=-1')).status).toBe(400)
    expect((await web.get('/api/v1/stream', { 'last-event-id': 'x' })).status).toBe(400)
    const first = await StreamReader.open(url)
    await StreamReader.open(url)
    expect(await web.get('/api/v1/stream')).toMatchObject({
      ...{ status: 429, json: { error: 'too_many_requests' } },
    })
    first.close()
    await expect.poll(() => web.server.stream.open).toBe(1)
    await StreamReader.open(url)
  })

  it('keeps a silent connection alive', async () => {
    web = await startWeb()
    const reader = await StreamReader.open(`${web.url}/api/v1/stream`)
    web.clock.nowMs += 15_000
    await expect.poll(() => reader.comments, { timeout: 3_000 }).toBe(1)
    reader.close()
  })

  it('drops a reader that takes nothing, holds no memory for it, and nobody else notices', async () => {
    web = await startWeb()
    // Ticks of a megabyte, so that what the system itself buffers is soon full.
    const symbols = Array.from({ length: 6_000 }, (_, n) => `SYMBOL-${n}`)
    const rows = symbols.map((symbol) => {
      return `{"symbol":"${symbol}","side":"buy_1","price":1,"amount":1,"total":1,"cum_sum":1${'0'.repeat(90)}}`
    })
    const text = `[${rows.join(',')}]`
    const idle = connect(web.server.port, '127.0.0.1')
    idle.on('error', () => {})
    idle.pause()
    idle.write('GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(() => web.server.stream.open).toBe(1)
    const reader = await StreamReader.open(`${web.url}/api/v1/stream`)
    for (let tick = FIRST_TICK; tick < FIRST_TICK + 40; tick++) {
      const headers = { tick: String(tick), offsets: '{}' }
      web.server.ticks.take({ text, headers, timestampMs: tick * 1000 }, undefined)
      web.server.publish()
      await reader.take(tick - FIRST_TICK + 1, isTick)
    }
    expect(web.server.stream.counts.dropped).toBe(1)
    expect(web.server.stream.open).toBe(1)
    expect(ids(await reader.take(40))).toHaveLength(40)
    reader.close()
    idle.destroy()
  })
})

/** An output that takes so many bytes and no more. */
class FakeOutput implements ReaderOutput {
  readonly written: string[] = []
  isDestroyed = false
  takes = true
  readonly #listeners = new Map<string, () => void>()
  write(bytes: Uint8Array | string): boolean {
    this.written.push(typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes))
    return this.takes
  }
  once(event: string, listener: () => void) {
    this.#listeners.set(event, listener)
  }
  on(event: string, listener: () => void) {
    this.#listeners.set(event, listener)
  }
  drain() {
    this.takes = true
    this.#listeners.get('drain')?.()
  }
  end() {}
  destroy() {
    this.isDestroyed = true
  }
}

describe('a reader that is blocked', () => {
  function blocked() {
    const clock = { nowMs: 0 }
    const log = new EventLog({ ticks: 5, bytes: 10_000_000 })
    const stream = new EventStream(log, () => clock.nowMs, STREAM_LIMITS)
    const output = new FakeOutput()
    stream.add(output, undefined)
    log.pushTick(1, '1')
    output.takes = false
    stream.pump()
    return { clock, log, stream, output }
  }

  it('is written nothing until it drains, and then all it has missed', () => {
    const { log, stream, output } = blocked()
    for (const tick of [2, 3, 4]) log.pushTick(tick, String(tick))
    stream.pump()
    expect(output.written).toHaveLength(2)
    output.drain()
    expect(output.written.slice(2).map((text) => /id: (\d+)/.exec(text)?.[1])).toEqual([
      '2',
      '3',
      '4',
    ])
  })

  it('is dropped after five seconds, or above a megabyte', () => {
    const slow = blocked()
    slow.clock.nowMs = 5_000
    slow.stream.check()
    expect(slow.output.isDestroyed).toBe(false)
    slow.clock.nowMs = 5_001
    slow.stream.check()
    expect(slow.output.isDestroyed).toBe(true)
    const behind = blocked()
    behind.log.pushTick(2, 'x'.repeat(1024 * 1024))
    behind.stream.pump()
    expect(behind.output.isDestroyed).toBe(true)
    expect(behind.stream.counts).toMatchObject({ opened: 1, dropped: 1, events: 1 })
  })

  it('is told of the gap where memory has moved on meanwhile', () => {
    const { log, output } = blocked()
    for (let tick = 2; tick <= 9; tick++) log.pushTick(tick, String(tick))
    output.drain()
    expect(output.written[2]).toBe('event: gap\ndata: {"from":2,"to":4}\n\n')
    expect(output.written.slice(3)).toHaveLength(5)
  })
})

describe('the events in memory', () => {
  it('are bounded in bytes too, and the newest stays', () => {
    const log = new EventLog({ ticks: 600, bytes: 1_000 })
    for (let tick = 1; tick <= 10; tick++) log.pushTick(tick, 'x'.repeat(300))
    expect({ ticks: log.ticks, isBounded: log.bytes <= 1_000 }).toEqual({
      ticks: 3,
      isBounded: true,
    })
    log.pushTick(11, 'x'.repeat(5_000))
    expect(log.ticks).toBe(1)
  })
})
