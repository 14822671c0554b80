/** Sends records to the input topic, for the emulator. */
import { CompressionTypes, Partitioners } from 'kafkajs'
import { type Cluster, kafkaError, quietly, within } from './client.js'

export interface OutgoingRecord {
  readonly key: string | null
  readonly value: Uint8Array | null
}

export interface RecordSender {
  /** Sends a batch and waits until Kafka has it. */
  send(records: readonly OutgoingRecord[]): Promise<void>
  close(): Promise<void>
}

const SEND_LIMIT_MS = 30_000

/** @throws DepthlineError KAFKA_FAILED, KAFKA_UNREACHABLE */
export async function openRecordSender({ kafka }: Cluster, topic: string): Promise<RecordSender> {
  const producer = kafka.producer({
    // Java's partitioner: other clients put the same key into the same partition.
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    // One request at a time keeps the order when one of them has to be repeated.
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 100, retries: 8 },
  })
  await within(SEND_LIMIT_MS, producer.connect(), 'connecting a producer')
  return {
    async send(records) {
      const messages = records.map(({ key, value }) => ({
        key,
        value: value === null ? null : Buffer.from(value),
      }))
      const call = producer.send({ topic, messages, compression: CompressionTypes.None, acks: -1 })
      await within(SEND_LIMIT_MS, call, `sending to ${topic}`).catch((error) => {
        throw kafkaError(error, `sending to ${topic}`)
      })
    },
    close: () => quietly(producer.disconnect()),
  }
}
