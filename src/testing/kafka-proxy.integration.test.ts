/** The proxy itself: that each fault strikes where it is aimed, and nobody else. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { judge } from './judge.js'
import { Api, hasCommitted } from './kafka-frames.js'
import { type FaultKind, KafkaProxy } from './kafka-proxy.js'
import { makeTopic, produce, produceTransactions, readAll, uniqueName } from './topics.js'

const CLIENT = 'under-test'
const aim = { clientId: CLIENT, api: Api.Produce }

let proxy: KafkaProxy
let producer: Producer
let topic: string

beforeEach(async () => {
  proxy = await KafkaProxy.open(inject('brokers'))
  topic = await makeTopic(uniqueName('proxy'))
  producer = await producerOf(CLIENT)
})

afterEach(async () => {
  await proxy.close()
  await producer.disconnect().catch(() => {})
})

describe('the proxy', () => {
  it('has its clients stay behind it, and shows their requests', async () => {
    const seen: number[] = []
    proxy.onRequest = ({ api, clientId }) => clientId === CLIENT && seen.push(api)
    await send('a')
    proxy.cut(CLIENT)
    await send('b')

    expect(seen).toContain(Api.Produce)
    expect(await values()).toEqual(['a', 'b'])
  })

  // Sent again by KafkaJS after its time limit: what was delivered is there twice.
  const faults: [FaultKind, string[]][] = [
    ['drop', ['a']],
    ['cut', ['a']],
    ['lose reply', ['a', 'a']],
    ['lose reply and close', ['a', 'a']],
  ]
  it.each(faults)('%s: the broker holds %j', async (kind, expected) => {
    const struck = proxy.arm(aim, { kind, ms: 200 })
    await send('a')
    await struck

    expect(await values()).toEqual(expected)
  })

  it('leaves half open whatever the client had, and lets it in anew later', async () => {
    const old = await producerOf(CLIENT, 0)
    const struck = proxy.arm(aim, { kind: 'half-open', ms: 300 })
    await expect(old.send({ topic, messages: [{ value: 'a' }] })).rejects.toThrow('timed out')
    await struck
    await expect(old.send({ topic, messages: [{ value: 'b' }] })).rejects.toThrow('timed out')
    await old.disconnect()
    const anew = await producerOf(CLIENT)
    await anew.send({ topic, messages: [{ value: 'c' }] })
    await anew.disconnect()

    expect(await values()).toEqual(['c'])
  })

  it('delivers a delayed request even when its client has given up', async () => {
    const hasty = await producerOf(CLIENT, 0)
    const struck = proxy.arm(aim, { kind: 'delay', ms: 1_500 })
    const sent = hasty.send({ topic, messages: [{ value: 'late' }] })
    await struck
    await expect(sent).rejects.toThrow('timed out')
    await hasty.disconnect()
    expect(await values()).toEqual([])
    await sleep(1_700)
    expect(await values()).toEqual(['late'])
  })

  it('tells a transaction that was committed from one that was not', async () => {
    const ends: boolean[] = []
    proxy.onReply = (reply) => reply.request.api === Api.EndTxn && ends.push(hasCommitted(reply))
    const kafka = new Kafka({ brokers: [proxy.address], logLevel: logLevel.NOTHING })
    const transactional = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: uniqueName('proxy'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await transactional.connect()
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await transactional.transaction()
      await transaction.send({ topic, messages: [{ value: end }] })
      await transaction[end]()
    }
    await transactional.disconnect()

    expect(ends.filter((isCommit) => isCommit)).toHaveLength(1)
    expect(ends.at(-1)).toBe(false)
    expect(await values()).toEqual(['commit'])
  })

  it('strikes the nth request, and nobody but the client it is aimed at', async () => {
    const other = await producerOf('somebody-else')
    let strikes = 0
    proxy.arm({ ...aim, topic, nth: 2 }, { kind: 'drop', onStrike: () => strikes++ })
    await other.send({ topic, messages: [{ value: '1' }, { value: '2' }] })
    await other.send({ topic, messages: [{ value: '3' }] })
    await send('a')
    expect(strikes).toBe(0)
    await send('b')
    await other.disconnect()

    expect(strikes).toBe(1)
    expect(await values()).toEqual(['1', '2', '3', 'a', 'b'])
  })
})

describe('the judge', () => {
  it('reads committed records alone, from all three topics', async () => {
    const name = uniqueName('judged')
    const topics = { input: `${name}-in`, output: `${name}-out`, deadLetters: `${name}-dead` }
    for (const part of Object.values(topics)) await makeTopic(part)
    await produce(topics.input, [{ key: '1', value: '{}' }])
    const [record] = await readAll(topics.input)
    const headers = { tick: '5', offsets: '{"0":1}', missed: '0', rejected: '1', crossed: '[]' }
    const tick = { key: topics.output, value: '[]', headers, timestamp: '5000' }
    const timestamp = String(record?.timestampMs)
    const place = { topic: topics.input, partition: '0', offset: '0', timestamp }
    const letter = { key: '1', value: '{}', headers: { ...place, reason: 'missing_field' } }
    const twice = [{ messages: [tick] }, { messages: [tick], isAborted: true }]
    await produceTransactions(topics.output, twice)
    await produceTransactions(topics.deadLetters, [{ messages: [letter] }])
    const judged = { brokers: inject('brokers'), ...topics }

    expect(await judge(judged)).toMatchObject({
      ticks: 1,
      verified: 1,
      deadLetters: 1,
      findings: [],
    })
    await produceTransactions(topics.output, [{ messages: [tick] }])
    expect(await judge(judged)).toMatchObject({ ticks: 2, duplicate: 1 })
  })
})

async function producerOf(clientId: string, retries = 10): Promise<Producer> {
  const kafka = new Kafka({
    clientId,
    brokers: [proxy.address],
    logLevel: logLevel.NOTHING,
    requestTimeout: 500,
    retry: { initialRetryTime: 50, maxRetryTime: 200, retries },
  })
  const made = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await made.connect()
  return made
}

async function send(value: string): Promise<void> {
  await producer.send({ topic, messages: [{ value }] })
}

async function values(): Promise<string[]> {
  return (await readAll(topic)).map(({ value }) => String(value))
}
