/** The judge itself: true evidence passes, and each forgery is found. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Evidence, isKept, judgeEvidence, type Verdict } from './judge.js'
import type { PlainRecord } from './plain-topic.js'

const T = 1_700_000_000
const HUGE = Buffer.alloc(70_000, 'x')

type Writable = { -readonly [K in keyof PlainRecord]: PlainRecord[K] } & {
  headers: Record<string, string>
}
interface Forgeable extends Evidence {
  input: Writable[]
  output: Writable[]
  deadLetters: Writable[]
}

describe('the judge', () => {
  it('passes what is right, with all counts', () => {
    const verdict = judgeEvidence(evidence())
    expect(verdict).toEqual({
      ...{ ticks: 3, verified: 3, wrong: 0, duplicate: 0, backward: 0, missed: 2 },
      ...{ missedReported: 2, rejected: 3, rejectedReported: 3, lostEvents: 0, unapplied: 0 },
      ...{ deadLetters: 3, lettersMissing: 0, lettersTwice: 0, lettersWrong: 0, findings: [] },
    })
    expect(isKept(verdict)).toBe(true)
  })

  it('does not pass an empty output', () => {
    expect(isKept(judgeEvidence({ ...evidence(), output: [] }))).toBe(false)
  })

  const forgeries: [string, (e: Forgeable) => void, Partial<Verdict>][] = [
    ['a wrong digit', (e) => replace(e.output[1]!, '"price":10,', '"price":11,'), { wrong: 1 }],
    ['white space', (e) => replace(e.output[1]!, ',"amount"', ', "amount"'), { wrong: 1 }],
    ['a tick twice', (e) => e.output.splice(1, 0, e.output[1]!), { duplicate: 1 }],
    ['ticks in the wrong order', (e) => e.output.reverse(), { backward: 4 }],
    [
      'offsets that go back',
      (e) => setOffsets(e.output[2]!, [1, 1]),
      { backward: 1, unapplied: 3 },
    ],
    ['a tick without its input', (e) => setOffsets(e.output[1]!, [1, 1]), { wrong: 1 }],
    ['offsets beyond the end', (e) => setOffsets(e.output[2]!, [9, 3]), {}],
    ['a partition left out', (e) => setHeader(e.output[2]!, 'offsets', '{"0":4}'), {}],
    ['a tick that was taken away', (e) => e.output.splice(1, 1), { missed: 3 }],
    ['missed seconds not reported', (e) => setHeader(e.output[2]!, 'missed', '0'), { missed: 2 }],
    [
      'missed seconds made up',
      (e) => setHeader(e.output[0]!, 'missed', '1'),
      { missedReported: 3 },
    ],
    ['a wrong count of rejections', (e) => setHeader(e.output[1]!, 'rejected', '0'), {}],
    ['a crossing not reported', (e) => setHeader(e.output[2]!, 'crossed', '["A"]'), {}],
    ['another time', (e) => (e.output[0]!.timestampMs += 1), { verified: 2 }],
    ['another key', (e) => (e.output[0]!.key = Buffer.from('x')), { verified: 2 }],
    ['a dropped dead letter', (e) => e.deadLetters.pop(), { lettersMissing: 1 }],
    ['a dead letter twice', (e) => e.deadLetters.push(e.deadLetters[0]!), { lettersTwice: 1 }],
    ['another value', (e) => replace(e.deadLetters[0]!, 'broken', 'mended'), { lettersWrong: 1 }],
    ['another reason', (e) => setHeader(e.deadLetters[0]!, 'reason', 'bad'), { lettersWrong: 1 }],
    ['another hash', (e) => setHeader(e.deadLetters[2]!, 'sha256', 'bad'), { lettersWrong: 1 }],
    ['a good record dead-lettered', (e) => setHeader(e.deadLetters[0]!, 'offset', '0'), {}],
    ['input that no tick holds', (e) => e.output.pop(), { unapplied: 3 }],
  ]
  it.each(forgeries)('finds %s', (_, forge, expected) => {
    const forged = evidence()
    forge(forged)
    const verdict = judgeEvidence(forged)
    expect(isKept(verdict)).toBe(false)
    expect(verdict).toMatchObject(expected)
  })

  it('finds an acknowledged event that the input does not hold', () => {
    const acknowledged = new Map([['0:0', 'another value']])
    expect(judgeEvidence({ ...evidence(), acknowledged })).toMatchObject({ lostEvents: 1 })
  })
})

/** Seven records in two partitions, three of them rejected, and three ticks; written by hand. */
function evidence(): Forgeable {
  const input = [
    record(0, 0, open(1, 'BUY', 10)),
    record(0, 1, Buffer.from('broken')),
    record(0, 2, open(2, 'SELL', 12)),
    record(0, 3, Buffer.from('{"order_id":1,"status":"CLOSED"}')),
    record(1, 0, open(3, 'BUY', 9)),
    record(1, 1, Buffer.from('[]')),
    record(1, 2, HUGE),
  ]
  const bid = row('buy_1', 10)
  return {
    input,
    output: [
      tick(0, [bid], { offsets: [1, 0], missed: 0, rejected: 0 }),
      tick(1, [bid, row('sell_1', 12), row('buy_2', 9, 19)], {
        ...{ offsets: [3, 1], missed: 0, rejected: 1 },
      }),
      tick(4, [row('buy_1', 9), row('sell_1', 12)], { offsets: [4, 3], missed: 2, rejected: 2 }),
    ],
    deadLetters: [
      letter(input[1]!, 'invalid_json'),
      letter(input[5]!, 'not_an_object'),
      letter(input[6]!, 'too_large'),
    ],
    ...{ inputTopic: 'in', ends: [4, 3], job: 'out' },
  }
}

function record(partition: number, offset: number, value: Buffer): Writable {
  const key = Buffer.from(`${partition}:${offset}`)
  return { partition, offset, timestampMs: 7, key, value, headers: {} }
}

function open(id: number, side: string, price: number): Buffer {
  const order = { order_id: id, symbol: 'A', order_side: side, size: 1, price, status: 'OPEN' }
  return Buffer.from(JSON.stringify(order))
}

function row(side: string, price: number, sum = price): string {
  return `{"symbol":"A","side":"${side}","price":${price},"amount":1,"total":${price},"cum_sum":${sum}}`
}

function tick(
  second: number,
  rows: string[],
  { offsets, missed, rejected }: { offsets: number[]; missed: number; rejected: number },
): Writable {
  return {
    ...record(0, second, Buffer.from(`[${rows.join(',')}]`)),
    key: Buffer.from('out'),
    timestampMs: (T + second) * 1000,
    headers: {
      tick: String(T + second),
      offsets: JSON.stringify(Object.fromEntries(offsets.entries())),
      missed: String(missed),
      rejected: String(rejected),
      crossed: '[]',
      version: '0',
    },
  }
}

function letter(
  { partition, offset, timestampMs, key, value }: Writable,
  reason: string,
): Writable {
  const place = { topic: 'in', partition: String(partition), offset: String(offset) }
  const headers: Record<string, string> = { ...place, reason, timestamp: String(timestampMs) }
  if (reason !== 'too_large') return { ...record(0, 0, value!), key, headers }
  headers.length = String(value!.length)
  headers.sha256 = createHash('sha256').update(value!).digest('hex')
  return { ...record(0, 0, value!.subarray(0, 1024)), key, headers }
}

function replace(record: Writable, from: string, to: string): void {
  const text = String(record.value)
  if (!text.includes(from)) throw new Error(`no ${from} in ${text}`)
  record.value = Buffer.from(text.replace(from, to))
}

function setHeader(record: Writable, name: string, value: string): void {
  record.headers[name] = value
}

function setOffsets(record: Writable, offsets: number[]): void {
  setHeader(record, 'offsets', JSON.stringify(Object.fromEntries(offsets.entries())))
}
