/** Reading topics: every committed record once, in the order of its partition, and an end that comes. */
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startBroker } from '../testing/broker.js'
import type { TestBroker } from '../testing/test-broker.js'
import {
  makeTopic,
  produce,
  produceTransactions,
  testKafka,
  uniqueName,
} from '../testing/topics.js'
import { type Cluster, connect, disconnect } from './client.js'
import { lastRecord, readTopic, type TopicRecord } from './topic-reader.js'

const ours = !process.env.KAFKA_BROKERS
const PARTITIONS = 4
const never = new AbortController().signal

let cluster: Cluster
beforeAll(async () => {
  cluster = await connectTo(inject('brokers'))
})
afterAll(() => disconnect(cluster))

function connectTo(brokers: string): Promise<Cluster> {
  const settings = { brokers: brokers.split(','), clientId: 'test' }
  return connect(settings, pino({ level: 'silent' }), new AbortController().signal)
}

/** Numbers 0, 1, 2, … over the partitions in turn, each with so much padding. */
function numbered(count: number, padding = 0) {
  return Array.from({ length: count }, (_, index) => ({
    value: `${index}`.padEnd(padding),
    partition: index % PARTITIONS,
  }))
}

function expectAllInOrder(records: readonly TopicRecord[], count: number): void {
  expect(records).toHaveLength(count)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = records.filter((record) => record.partition === partition)
    expect(own.map(({ offset }) => offset)).toEqual(own.map((_, index) => index))
    expect(own.map(({ value }) => Number(value))).toEqual(
      own.map((_, index) => index * PARTITIONS + partition),
    )
  }
}

describe('reading a topic to its end', () => {
  it('yields every record once and in the order of its partition, also to a slow reader', async () => {
    const topic = await makeTopic(uniqueName('slow'), { partitions: PARTITIONS })
    // 3 MB a partition: several fetches each, and the reader is slower than they are.
    await produce(topic, numbered(4_000, 3_000))
    const records: TopicRecord[] = []
    const read = { topic, job: 'test', follow: false, signal: never }
    for await (const batch of readTopic(cluster, read)) {
      records.push(...batch)
      await setTimeout(20)
    }
    expectAllInOrder(records, 4_000)
  })

  it('ends where the topic ends in aborted transactions and their markers', async () => {
    const topic = await makeTopic(uniqueName('aborted'))
    await produceTransactions(topic, [
      { messages: [{ value: 'a' }] },
      { messages: [{ value: 'no' }], isAborted: true },
      { messages: [{ value: 'b' }, { value: 'c' }] },
      { messages: [{ value: 'no' }], isAborted: true },
    ])
    expect(await valuesOf(cluster, topic)).toEqual(['a', 'b', 'c'])
    expect(String((await lastRecord(cluster, { topic, job: topic }))?.value)).toBe('c')
  })

  it('ends before a transaction that is still open', async () => {
    const topic = await makeTopic(uniqueName('open'))
    await produceTransactions(topic, [{ messages: [{ value: 'a' }] }])
    const producer = testKafka().producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: 'not yet' }] })
    expect(await valuesOf(cluster, topic)).toEqual(['a'])
    await transaction.abort()
    await producer.disconnect()
  })

  it('yields nothing of an empty topic, nor from its end on', async () => {
    const topic = await makeTopic(uniqueName('empty'))
    expect(await valuesOf(cluster, topic)).toEqual([])
    expect(await lastRecord(cluster, { topic, job: topic })).toBeUndefined()
    await produce(topic, [{ value: 'a' }, { value: 'b' }])
    expect(await valuesOf(cluster, topic, [1])).toEqual(['b'])
    expect(await valuesOf(cluster, topic, [2])).toEqual([])
  })

  it('finds the last record that is wanted, however far back it is', async () => {
    const topic = await makeTopic(uniqueName('far-back'))
    const others = Array.from({ length: 2_000 }, () => ({ value: 'other' }))
    await produce(topic, [{ value: 'first' }, { value: 'wanted' }, ...others])
    const isWanted = ({ value }: TopicRecord) => String(value) === 'wanted'
    expect(await lastRecord(cluster, { topic, job: topic }, isWanted)).toMatchObject({ offset: 1 })
    expect(await lastRecord(cluster, { topic, job: topic }, () => false)).toBeUndefined()
  })
})

describe('following a topic', () => {
  it('yields every record once while they are being written', async () => {
    const topic = await makeTopic(uniqueName('followed'), { partitions: PARTITIONS })
    const stop = new AbortController()
    const records: TopicRecord[] = []
    const writing = writeSlowly(topic, numbered(2_000))
    const read = { topic, job: 'test', follow: true, signal: stop.signal }
    for await (const batch of readTopic(cluster, read)) {
      records.push(...batch)
      await setTimeout(10)
      if (records.length >= 2_000) stop.abort()
    }
    await writing
    expectAllInOrder(records, 2_000)
  })

  it('ends at a signal, and at once where the signal came before', async () => {
    const topic = await makeTopic(uniqueName('signal'))
    const stop = new AbortController()
    const read = { topic, job: 'test', follow: true, signal: stop.signal }
    setTimeout(500).then(() => stop.abort())
    for await (const _ of readTopic(cluster, read)) throw new Error('the topic is empty')
    for await (const _ of readTopic(cluster, read)) throw new Error('the topic is empty')
  })

  it('leaves without waiting where the reader stops in the middle of a batch', async () => {
    const topic = await makeTopic(uniqueName('left'), { partitions: PARTITIONS })
    await produce(topic, numbered(100))
    let leftMs = 0
    for await (const _ of readTopic(cluster, { topic, job: 'test', follow: true, signal: never })) {
      leftMs = performance.now()
      break
    }
    // KafkaJS waits for a batch that nobody is done with, up to the limit for parting calls.
    expect(performance.now() - leftMs).toBeLessThan(900)
  })
})

describe.skipIf(!ours)('a broker that lets a new group wait', () => {
  let broker: TestBroker
  beforeAll(async () => {
    // The default is 3 s, and a busy broker takes longer still.
    broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': '6000' } })
  })
  afterAll(() => broker.stop())

  it('does not make a topic look empty', async () => {
    const kafka = testKafka(broker.brokers)
    const slow = await connectTo(broker.brokers)
    const topics = [{ topic: 'waited-for' }]
    await slow.admin.ask('making', (admin) => admin.createTopics({ topics, waitForLeaders: true }))
    await produce('waited-for', [{ value: 'a' }], kafka)
    expect(await valuesOf(slow, 'waited-for')).toEqual(['a'])
    await disconnect(slow)
  })
})

async function valuesOf(
  from: Cluster,
  topic: string,
  positions: readonly number[] = [],
): Promise<string[]> {
  const values: string[] = []
  const read = { topic, job: 'test', from: positions, follow: false, signal: never }
  for await (const batch of readTopic(from, read)) {
    values.push(...batch.map(({ value }) => String(value)))
  }
  return values
}

async function writeSlowly(topic: string, records: ReturnType<typeof numbered>): Promise<void> {
  for (let start = 0; start < records.length; start += 100) {
    await produce(topic, records.slice(start, start + 100))
  }
}
