/** Reads a whole topic with plain KafkaJS, for the judge: outside vitest too, and with a time limit. */
import { randomUUID } from 'node:crypto'
import { type Consumer, type IHeaders, Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import { hideAbortedRecords } from '../kafka/aborted-records.js'
import type { PlainMark } from './judge-stale.js'

export interface PlainRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

const LIMIT_MS = 120_000

/** KafkaJS as it is but for what it would show of aborted transactions. */
export function plainKafka(brokers: string, clientId = 'judge'): Kafka {
  hideAbortedRecords()
  return new Kafka({ clientId, brokers: brokers.split(','), logLevel: logLevel.NOTHING })
}

/** Where each partition ends, control records counted. */
export async function endsOf(kafka: Kafka, topic: string): Promise<number[]> {
  const admin = kafka.admin()
  await admin.connect()
  const ends: number[] = []
  for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
    ends[partition] = Number(high)
  }
  await admin.disconnect()
  return ends
}

/** Where the partitions end that hold anything. */
async function openEndsOf(kafka: Kafka, topic: string): Promise<Map<number, number>> {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const open = offsets.filter(({ low, high }) => low !== high)
  return new Map(open.map(({ partition, high }) => [partition, Number(high)]))
}

/** What the topic holds now, committed records only, in partition and offset order. */
export async function readWhole(kafka: Kafka, topic: string): Promise<PlainRecord[]> {
  const records: PlainRecord[] = []
  await readEach(kafka, topic, (partition, { offset, timestamp, key, value, headers }) => {
    const place = { partition, offset: Number(offset), timestampMs: Number(timestamp) }
    records.push({ ...place, key, value, headers: asText(headers ?? {}) })
  })
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

/** The marks that a levels topic holds, those of one partition in their order. */
export async function readMarks(kafka: Kafka, topic: string): Promise<PlainMark[]> {
  const marks: PlainMark[] = []
  await readEach(kafka, topic, (_, { key, value }) => {
    if (!/^\d+$/.test(String(key))) return
    const { tick, offset, sequence } = JSON.parse(String(value))
    marks.push({ partition: Number(key), tick, offset, sequence })
  })
  return marks
}

/** Reads what the topic holds now; @param take gets each committed record, those of one partition in their order */
export async function readEach(
  kafka: Kafka,
  topic: string,
  take: (partition: number, message: KafkaMessage) => void,
): Promise<void> {
  const open = await openEndsOf(kafka, topic)
  if (open.size === 0) return
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 50 })
  // A consumer that crashes and starts itself again hands over what it had not committed once more.
  const next = new Map<number, number>()
  const done = whenRead(consumer, open)
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachBatch: async ({ batch: { partition, messages } }) => {
      for (const message of messages) {
        if (Number(message.offset) < (next.get(partition) ?? 0)) continue
        next.set(partition, Number(message.offset) + 1)
        take(partition, message)
      }
    },
  })
  const isWhole = await done
  await consumer.disconnect()
  if (!isWhole) throw new Error(`${topic} could not be read to its end: ${[...open]}`)
}

/** Resolves with true when all partitions are read, with false when the consumer gives up or takes too long. */
function whenRead(consumer: Consumer, open: Map<number, number>): Promise<boolean> {
  return new Promise((resolve) => {
    // It also comes for fetches of control records alone, for which eachBatch is never called.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      const end = open.get(partition)
      if (end !== undefined && Number(lastOffset) + 1 >= end) open.delete(partition)
      if (open.size === 0) resolve(true)
    })
    // On a broker whose first group this is it crashes once, and starts itself again.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) resolve(false)
    })
    const limit = setTimeout(() => resolve(false), LIMIT_MS)
    limit.unref()
  })
}

function asText(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
