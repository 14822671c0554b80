/** Topics of the shared broker for tests: made, written and read with plain KafkaJS, without src/kafka. */
import { randomUUID } from 'node:crypto'
import { type Admin, type Kafka, type Message, Partitioners } from 'kafkajs'
import { inject } from 'vitest'
import { type PlainRecord, plainKafka, readWhole } from './plain-topic.js'

export type StoredRecord = PlainRecord

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}

export function testKafka(brokers = inject('brokers')): Kafka {
  return plainKafka(brokers, 'test')
}

export async function withAdmin<T>(use: (admin: Admin) => Promise<T>, kafka = testKafka()) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/**
 * Makes a topic; returns its name. Its records are kept whatever time they carry: a broker
 * deletes old ones every so often, in the midst of a test, and tests have times of years ago.
 */
export async function makeTopic(
  topic: string,
  { partitions = 1, config = {} }: { partitions?: number; config?: Record<string, string> } = {},
): Promise<string> {
  const settings = { 'retention.ms': '-1', ...config }
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const topics = [{ topic, numPartitions: partitions, configEntries }]
  await withAdmin((admin) => admin.createTopics({ topics, waitForLeaders: true }))
  return topic
}

/** Sends in order, at most 1,000 records in one request. */
export async function produce(topic: string, messages: readonly Message[], kafka = testKafka()) {
  const createPartitioner = Partitioners.DefaultPartitioner
  // Where one partition of a topic made just now is not led yet, KafkaJS sends the others' records
  // again; being idempotent, they are there once.
  const producer = kafka.producer({ createPartitioner, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  for (let start = 0; start < messages.length; start += 1_000) {
    await producer.send({ topic, messages: messages.slice(start, start + 1_000) })
  }
  await producer.disconnect()
}

/** One transaction for each list of messages; committed, or aborted where `isAborted` says so. */
export async function produceTransactions(
  topic: string,
  transactions: readonly { messages: readonly Message[]; isAborted?: boolean }[],
): Promise<void> {
  const producer = testKafka().producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: uniqueName('test-transactions'),
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  for (const { messages, isAborted } of transactions) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [...messages] })
    await (isAborted ? transaction.abort() : transaction.commit())
  }
  await producer.disconnect()
}

/** What the topic holds now, committed records only, in partition and offset order. */
export function readAll(topic: string, kafka = testKafka()): Promise<StoredRecord[]> {
  return readWhole(kafka, topic)
}
