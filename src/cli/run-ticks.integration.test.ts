/** The output topic of `run`: one message a second, and each the book of exactly the input below its offsets. */
import { readFileSync } from 'node:fs'
import type { Message } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers } from '../testing/cli.js'
import { hostileRecords } from '../testing/hostile-records.js'
import { openRecord } from '../testing/order-events.js'
import {
  naiveBookBelow,
  recordsBelow,
  runTopics,
  startRun,
  stopRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll } from '../testing/topics.js'

const packageFile = new URL('../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(packageFile, 'utf8'))

afterEach(killLeftovers)

describe('the messages of run', () => {
  it('come once a second, also while there are no orders, and say what they are', async () => {
    const topics = runTopics('empty')
    const job = await startRun(topics)
    const first = await tickWhere(topics.output, () => true)
    await tickWhere(topics.output, ({ tick }) => tick >= first.tick + 3)
    const summary = await stopRun(job)

    const ticks = await ticksOf(topics.output)
    for (const [index, { tick, missed, value, record }] of ticks.entries()) {
      if (index > 0) expect(tick - 1 - missed).toBe(ticks[index - 1]!.tick)
      expect(value).toBe('[]')
      expect(record.timestampMs).toBe(tick * 1000)
      expect(String(record.key)).toBe(topics.output)
      expect(record.headers).toEqual({
        tick: String(tick),
        offsets: '{"0":0,"1":0,"2":0,"3":0}',
        missed: String(missed),
        rejected: '0',
        crossed: '[]',
        version,
      })
    }
    const missed = ticks.reduce((sum, tick) => sum + tick.missed, 0)
    expect(summary).toMatchObject({ ticks: ticks.length, missed, records: 0 })
  })

  it('come on the second: Kafka has each before the next is due', async () => {
    const topics = runTopics('on-time')
    await makeTopic(topics.output, { config: { 'message.timestamp.type': 'LogAppendTime' } })
    const job = await startRun(topics)
    await tickWhere(topics.output, ({ record }) => record.offset >= 3)
    await stopRun(job)

    for (const { tick, record } of await ticksOf(topics.output)) {
      const delayMs = record.timestampMs - tick * 1000
      expect(delayMs).toBeGreaterThanOrEqual(0)
      expect(delayMs).toBeLessThan(1000)
    }
  })

  it('carry the name of the job, and at most so many levels a side as asked for', async () => {
    const topics = runTopics('named')
    await makeTopic(topics.input, { partitions: 2 })
    const prices = ['1', '2', '3']
    await produce(topics.input, [
      ...prices.map((price, id) => ({ value: Buffer.from(openRecord({ id, price })) })),
    ])
    const job = await startRun(topics, ['--job', 'a-job', '--levels', '2'])
    const { value, record } = await tickWithRecords(topics.output, 3)
    await stopRun(job)

    expect(String(record.key)).toBe('a-job')
    expect(value).toBe(
      '[{"symbol":"BTC-USDT","side":"buy_1","price":3,"amount":1,"total":3,"cum_sum":3},' +
        '{"symbol":"BTC-USDT","side":"buy_2","price":2,"amount":1,"total":2,"cum_sum":5}]',
    )
  })

  it('name the symbols that are crossed or locked', async () => {
    const topics = runTopics('crossed')
    const job = await startRun(topics)
    const orders = [
      { id: 1, symbol: 'crossed', side: 'BUY', price: '11' },
      { id: 2, symbol: 'crossed', side: 'SELL', price: '10' },
      { id: 3, symbol: 'locked', side: 'BUY', price: '10' },
      { id: 4, symbol: 'locked', side: 'SELL', price: '10' },
      { id: 5, symbol: 'sound', side: 'BUY', price: '9' },
      { id: 6, symbol: 'sound', side: 'SELL', price: '10' },
    ] as const
    const values = orders.map((order) => ({ value: Buffer.from(openRecord(order)) }))
    await produce(topics.input, values)
    const { record } = await tickWithRecords(topics.output, orders.length)
    await stopRun(job)

    expect(record.headers.crossed).toBe('["crossed","locked"]')
  })

  it('equal the oracle’s book of exactly the input below their offsets', async () => {
    const topics = runTopics('exact')
    const job = await startRun(topics)
    const records = take(hostileRecords(7), 12_000)
    await produce(topics.input, records.slice(0, 5_000))
    await tickWhere(topics.output, (tick) => recordsBelow(tick) > 0)
    await produce(topics.input, records.slice(5_000))
    await tickWithRecords(topics.output, records.length)
    const summary = await stopRun(job)

    const input = await readAll(topics.input)
    const ticks = await ticksOf(topics.output)
    let rejected = 0
    for (const tick of ticks) {
      const oracle = naiveBookBelow(input, tick)
      expect(tick.value).toBe(oracle.message(15))
      expect(JSON.parse(tick.record.headers.crossed!)).toEqual(oracle.crossed())
      rejected += tick.rejected
    }
    expect(rejected).toBe(summary.rejected)
    expect(await readAll(topics.deadLetters)).toHaveLength(summary.rejected)
  })
})

function take(source: ReturnType<typeof hostileRecords>, count: number): Message[] {
  return Array.from({ length: count }, () => {
    const { value, partition } = source.next().value
    return { value: value === null ? null : Buffer.from(value), partition }
  })
}
