import { randomUUID } from 'node:crypto'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { describe, expect, inject, test } from 'vitest'
import { startBroker } from './broker.js'

const ours = !process.env.KAFKA_BROKERS

function client(brokers: string): Kafka {
  return new Kafka({ clientId: 'test', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
}

async function createTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
  await admin.disconnect()
}

async function produce(kafka: Kafka, topic: string, value: string, retries = 5): Promise<void> {
  const createPartitioner = Partitioners.DefaultPartitioner
  const producer = kafka.producer({ createPartitioner, retry: { retries } })
  await producer.connect()
  await producer.send({ topic, messages: [{ value }] })
  await producer.disconnect()
}

/** The first record of a topic, read as a group that never existed before. */
async function consumeFirst(kafka: Kafka, topic: string): Promise<string | undefined> {
  const consumer = kafka.consumer({ groupId: randomUUID() })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const value = await new Promise<string | undefined>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) =>
      resolve(message.value?.toString())
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return value
}

describe('the broker that the run shares', () => {
  test('gives a fresh group its first record within seconds', async () => {
    const kafka = client(inject('brokers'))
    const topic = `broker-test-${randomUUID()}`
    await createTopic(kafka, topic)
    await produce(kafka, topic, 'hello')

    const launchedMs = performance.now()
    expect(await consumeFirst(kafka, topic)).toBe('hello')
    expect(performance.now() - launchedMs).toBeLessThan(5_000)
  })

  test('creates no topic because somebody misspelt one', async () => {
    const kafka = client(inject('brokers'))
    const topic = `broker-test-${randomUUID()}`
    await expect(produce(kafka, topic, 'lost', 0)).rejects.toThrow(
      'does not host this topic-partition',
    )
  })
})

describe.skipIf(!ours)('a broker of one’s own', () => {
  test('keeps its data through kill and restart', async () => {
    const broker = await startBroker()
    try {
      const kafka = client(broker.brokers)
      await createTopic(kafka, 'kept')
      await produce(kafka, 'kept', 'before the crash')

      await broker.kill()
      await broker.restart()
      expect(await consumeFirst(kafka, 'kept')).toBe('before the crash')
    } finally {
      await broker.stop()
    }
  }, 60_000)

  test('two at once get ports of their own', async () => {
    const brokers = await Promise.all([startBroker(), startBroker()])
    await Promise.all(brokers.map((broker) => broker.stop()))
    expect(new Set(brokers.map((broker) => broker.brokers)).size).toBe(2)
  }, 60_000)

  test('says with its last lines why it did not start', async () => {
    const starting = startBroker({ settings: { 'log.retention.ms': 'soon' } })
    await expect(starting).rejects.toThrow('log.retention.ms')
  })
})
