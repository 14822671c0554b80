/** Every kind of record through the broker: the README's event table, as `run` counts it. */
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers } from '../testing/cli.js'
import { closedRecord, openRecord, type PlainOrder } from '../testing/order-events.js'
import { runTopics, startRun, stopRun, tickWithRecords } from '../testing/run-job.js'
import { makeTopic, produce, produceTransactions, readAll } from '../testing/topics.js'

const LOW = 0
const HIGH = 1

interface Row {
  readonly outcome: string
  readonly value: Uint8Array | null
  readonly partition?: number
}

const open = (outcome: string, order: PlainOrder, partition = LOW): Row => {
  return { outcome, value: openRecord(order), partition }
}
const close = (outcome: string, id: number | string, partition = LOW): Row => {
  return { outcome, value: closedRecord(id), partition }
}

/** In the order of the table; each is applied before the next is sent. */
const ROWS: readonly Row[] = [
  open('opened', { id: 1, size: '2', price: '10' }),
  open('duplicate_open', { id: 1, size: '2.0', price: '1e1' }),
  open('amended', { id: 1, side: 'SELL', size: '3', price: '10' }),
  open('symbol_changed', { id: 1, symbol: 'ETH-USDT' }),
  open('supersedes', { id: 1, symbol: 'ETH-USDT', size: '5', price: '7' }, HIGH),
  open('superseded', { id: 1, size: '4' }, LOW),
  close('closed', 1),
  close('duplicate_close', 1),
  open('order_already_closed', { id: 1 }),
  close('close_before_open', 2),
  close('duplicate_close', 2),
  open('closed_on_arrival', { id: 2 }),
  open('order_already_closed', { id: 2 }),
  { outcome: 'tombstone', value: null },
  // An id is its text: 3 and "3" are one, "03" is another.
  open('opened', { id: 3, price: '20' }),
  close('close_before_open', '03'),
  close('closed', '3'),
  open('opened', { id: 4, size: '0.5', price: '30' }),
]

const OUTCOMES = {
  opened: 3,
  duplicate_open: 1,
  amended: 1,
  symbol_changed: 1,
  supersedes: 1,
  superseded: 1,
  closed: 2,
  duplicate_close: 2,
  order_already_closed: 2,
  close_before_open: 2,
  closed_on_arrival: 1,
}

afterEach(killLeftovers)

describe('run', () => {
  it('takes every row of the event table as the table says, and its counts add up', async () => {
    const topics = runTopics('table')
    await makeTopic(topics.input, { partitions: 2 })
    const job = await startRun(topics)
    await sendInOrder(topics, ROWS)
    const { value, rejected } = await tickWithRecords(topics.output, ROWS.length)
    const summary = await stopRun(job)

    expect(value).toBe(
      '[{"symbol":"BTC-USDT","side":"buy_1","price":30,"amount":0.5,"total":15,"cum_sum":15}]',
    )
    expect(summary).toMatchObject({
      records: 18,
      applied: 10,
      ignored: 4,
      rejected: 3,
      tombstones: 1,
      openOrders: 1,
      byOutcome: OUTCOMES,
    })
    expect(rejected).toBeLessThanOrEqual(3)
    const { applied, ignored, tombstones } = summary
    expect(applied + ignored + summary.rejected + tombstones).toBe(summary.records)
    const reasons = (await readAll(topics.deadLetters)).map(({ headers }) => headers.reason)
    expect(reasons).toEqual(['symbol_changed', 'order_already_closed', 'order_already_closed'])
    expect(job.stderr).toContain('records of one order_id lie in several partitions')
  })

  it('does not care whether and how records are keyed', async () => {
    const topics = runTopics('keys')
    const job = await startRun(topics)
    const keys = [null, '', 'text', Buffer.from([0xff, 0x00, 0xfe]), 'x'.repeat(10_000)]
    await produce(
      topics.input,
      keys.map((key, id) => ({ key, value: Buffer.from(openRecord({ id })) })),
    )
    const { value } = await tickWithRecords(topics.output, keys.length)
    const summary = await stopRun(job)

    expect(value).toContain('"price":100,"amount":5,')
    expect(summary).toMatchObject({ records: 5, applied: 5, openOrders: 5 })
  })

  it('skips aborted records and the markers of transactions', async () => {
    const topics = runTopics('transactional-input')
    await makeTopic(topics.input)
    const messages = (id: number) => [{ value: Buffer.from(openRecord({ id })) }]
    await produceTransactions(topics.input, [
      { messages: messages(1) },
      { messages: messages(2), isAborted: true },
      { messages: messages(3) },
      { messages: messages(4), isAborted: true },
    ])
    const job = await startRun(topics)
    const { value } = await tickWithRecords(topics.output, 5)
    const summary = await stopRun(job)

    expect(value).toContain('"price":100,"amount":2,')
    expect(summary).toMatchObject({ records: 2, applied: 2 })
  })
})

/** Rows of one partition go out together; before the other partition's turn, all must be applied. */
async function sendInOrder(
  { input, output }: { input: string; output: string },
  rows: readonly Row[],
): Promise<void> {
  let sent = 0
  while (sent < rows.length) {
    const { partition } = rows[sent]!
    const next = rows.findIndex((row, index) => index > sent && row.partition !== partition)
    const end = next < 0 ? rows.length : next
    const messages = rows.slice(sent, end).map(({ value }) => ({
      value: value === null ? null : Buffer.from(value),
      partition: partition ?? LOW,
    }))
    await produce(input, messages)
    await tickWithRecords(output, end)
    sent = end
  }
}
