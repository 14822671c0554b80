/** Records of the exchanges through a real topic, with a registry and without. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REGISTRY_LIMIT_MS, startRegistry, type TestRegistry } from '../testing/registry.js'
import { makeTopic, produce, readAll, uniqueName } from '../testing/topics.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import { openCodec } from './codecs.js'

const POLL: ExchangePoll = {
  kind: 'answer',
  poll_at: 1_732_000_020_000,
  exchange: 'coinbase',
  market: 'ETH-USD',
  requested_at: 1_732_000_020_005,
  responded_at: 1_732_000_020_250,
  attempts: 1,
  status: 200,
  error: null,
  detail: null,
  sha256: null,
  body: Uint8Array.from({ length: 100_000 }, (_, index) => index % 251),
  origin: null,
  exchanges: null,
  markets: null,
}

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry()
}, REGISTRY_LIMIT_MS)
afterAll(() => registry?.stop())

describe('records of the exchanges', () => {
  it('come back from a topic as they went in, JSON and Avro beside each other', async () => {
    const topic = await makeTopic(uniqueName('exchange-books'))
    const json = await openCodec(topic, 'exchange-poll', {})
    const avro = await openCodec(topic, 'exchange-poll', { SCHEMA_REGISTRY_URL: registry.url })
    const later = { ...POLL, poll_at: POLL.poll_at + 60_000 }
    const values = [await json.encode(POLL), await avro.encode(later)]
    await produce(
      topic,
      values.map((value) => ({ value: Buffer.from(value) })),
    )
    const records = await readAll(topic)
    const decoded = await Promise.all(records.map(({ value }) => avro.decode(value!)))
    expect(decoded).toEqual([POLL, later])
    expect(await json.decode(records[0]!.value!)).toEqual(POLL)
    await expect(json.decode(records[1]!.value!)).rejects.toThrow('set SCHEMA_REGISTRY_URL')
  })

  it('have their subject named after the topic', async () => {
    const topic = uniqueName('depth')
    await openCodec(topic, 'exchange-depth', { SCHEMA_REGISTRY_URL: registry.url })
    const answer = await fetch(`${registry.url}/subjects/${topic}-value/versions/latest`)
    expect(await answer.json()).toMatchObject({ subject: `${topic}-value`, version: 1 })
  })
})
