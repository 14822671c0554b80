/** The client's own regularity: a transaction of KafkaJS on every UTC second, and nothing else; plain JavaScript, as bare-consumer. */
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs'

const { BROKERS, OUT, PROGRESS, BYTES, APPLIED } = process.env

const kafka = new Kafka({ brokers: [BROKERS], logLevel: logLevel.NOTHING })
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  transactionalId: `bare-${process.pid}`,
  idempotent: true,
  maxInFlightRequests: 1,
  retry: { initialRetryTime: 10, maxRetryTime: 200, retries: 5 },
})
await producer.connect()
// As long as the message of a book, and it compresses as such a message does.
const row = (n) =>
  `{"symbol":"BTC-USDT","side":"buy_${n}","price":${n * 1.01},"amount":${n},"total":1},`
const value = Array.from({ length: Math.ceil(BYTES / 70) }, (_, n) => row(n))
  .join('')
  .slice(0, BYTES)
const compression = BYTES > 65_536 ? CompressionTypes.GZIP : CompressionTypes.None

for (;;) {
  const tick = Math.floor(Date.now() / 1000) + 1
  await new Promise((resolve) => setTimeout(resolve, tick * 1000 - Date.now()))
  const headers = { tick: String(tick), offsets: `{"0":${APPLIED}}` }
  const transaction = await producer.transaction()
  const book = { topic: OUT, messages: [{ key: 'bare', value, headers, partition: 0 }] }
  const progress = {
    topic: PROGRESS,
    messages: [{ key: 'bare', value: headers.tick, partition: 0 }],
  }
  await transaction.sendBatch({ topicMessages: [book, progress], compression, acks: -1 })
  await transaction.commit()
}
