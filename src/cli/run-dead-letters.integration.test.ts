/** Rejected records of `run`: in the dead-letter topic unchanged, with the reason and the place. */
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import { openText } from '../testing/read-record.js'
import { runTopics, startRun, stopRun, tickWithRecords } from '../testing/run-job.js'
import { makeTopic, produce, readAll } from '../testing/topics.js'

const MAX_BYTES = 65_536
const BINARY_KEY = Buffer.from([0x00, 0xff, 0xfe, 0x80])
const BOM = '\uFEFF'

const REJECTED: readonly { reason: string; key: Buffer | null; value: string | Uint8Array }[] = [
  { reason: 'invalid_json', key: null, value: '' },
  { reason: 'invalid_json', key: BINARY_KEY, value: ' \t\r\n' },
  { reason: 'invalid_json', key: null, value: `${BOM}${openText()}` },
  { reason: 'invalid_json', key: Buffer.from(''), value: `${openText()} x` },
  { reason: 'invalid_json', key: null, value: openText({ size: 'NaN' }) },
  { reason: 'invalid_json', key: null, value: Buffer.from([0x22, 0xc0, 0x80, 0x22]) },
  { reason: 'not_an_object', key: BINARY_KEY, value: '[]' },
  { reason: 'duplicate_key', key: null, value: '{"a":1,"a":2}' },
  { reason: 'missing_field', key: null, value: openText({ price: undefined }) },
  { reason: 'missing_field', key: null, value: openText({ order_id: 'null' }) },
  { reason: 'invalid_field', key: null, value: openText({ order_id: '-0' }) },
  { reason: 'invalid_field', key: null, value: openText({ order_side: '"buy"' }) },
  { reason: 'invalid_field', key: null, value: openText({ size: '0' }) },
  { reason: 'symbol_changed', key: BINARY_KEY, value: openText({ symbol: '"B"' }) },
  { reason: 'order_already_closed', key: Buffer.from('9'), value: openText({ order_id: '9' }) },
]

/** Order 1 is open, order 9 was closed: what the last two reasons need. */
const BEFORE = [openRecord({ id: 1 }), openRecord({ id: 9 }), closedRecord(9)]
const SENT_AT_MS = 1_700_000_000_000

afterEach(killLeftovers)

describe('a record that run rejects', () => {
  it('is a dead letter with the same key and value and headers that say why and where', async () => {
    const topics = runTopics('rejected')
    await makeTopic(topics.input)
    const messages = [
      ...BEFORE.map((value) => ({ key: null, value })),
      ...REJECTED.map(({ key, value }) => ({ key, value })),
    ].map(({ key, value }) => ({
      key,
      value: Buffer.from(value as Uint8Array),
      timestamp: String(SENT_AT_MS),
    }))
    await produce(topics.input, messages)
    const summary = await jobSummary(topics, messages.length)

    const letters = await readAll(topics.deadLetters)
    expect(letters.map(({ key, value }) => ({ key, value }))).toEqual(
      messages.slice(BEFORE.length).map(({ key, value }) => ({ key, value })),
    )
    for (const [index, { headers }] of letters.entries()) {
      expect(headers).toEqual({
        reason: REJECTED[index]!.reason,
        detail: expect.any(String),
        topic: topics.input,
        partition: '0',
        offset: String(BEFORE.length + index),
        timestamp: String(SENT_AT_MS),
      })
      expect(headers.detail!.length).toBeLessThanOrEqual(200)
    }
    expect(summary).toMatchObject({ rejected: REJECTED.length, applied: BEFORE.length })
  })

  it('is cut to 1 KiB where it is too large, with its length and hash in headers', async () => {
    const topics = runTopics('too-large')
    await makeTopic(topics.input)
    const justFits = Buffer.from(openText().padEnd(MAX_BYTES))
    const tooLarge = Buffer.from(openText({ order_id: '2' }).padEnd(MAX_BYTES + 1))
    const huge = Buffer.alloc(900_000, 0xff)
    const key = Buffer.alloc(5_000, 0xfe)
    await produce(topics.input, [{ value: justFits }, { key, value: tooLarge }, { value: huge }])
    const summary = await jobSummary(topics, 3)

    const letters = await readAll(topics.deadLetters)
    expect(letters.map((letter) => letter.value)).toEqual([
      tooLarge.subarray(0, 1024),
      huge.subarray(0, 1024),
    ])
    expect(letters[0]!.key).toEqual(key)
    for (const [index, original] of [tooLarge, huge].entries()) {
      expect(letters[index]!.headers).toMatchObject({
        reason: 'too_large',
        offset: String(index + 1),
        length: String(original.length),
        sha256: createHash('sha256').update(original).digest('hex'),
      })
    }
    expect(summary).toMatchObject({ records: 3, applied: 1, rejected: 2 })
  })

  it('stops the job, naming the topic, where the dead-letter topic cannot take it', async () => {
    const topics = runTopics('small-dead-letters')
    await makeTopic(topics.deadLetters, { config: { 'max.message.bytes': '2000' } })
    await makeTopic(topics.input)
    await produce(topics.input, [{ value: 'broken'.repeat(1_000) }])
    const { input, output, deadLetters } = topics
    const { code, stderr } = await runCli([
      ...['run', '--input', input, '--output', output, '--dead-letters', deadLetters],
    ])

    expect(stderr).toContain(`max.message.bytes of ${deadLetters}`)
    expect(code).toBe(4)
  })
})

async function jobSummary(topics: ReturnType<typeof runTopics>, records: number) {
  const job = await startRun(topics)
  await tickWithRecords(topics.output, records)
  return stopRun(job)
}
