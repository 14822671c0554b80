/** `run --fetch-threads`: what threads fetch gives the same books, dead letters and counts. */
import { CompressionTypes, Partitioners } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { startBroker } from '../testing/broker.js'
import { killLeftovers } from '../testing/cli.js'
import { HOSTILE_PARTITIONS, hostileRecords } from '../testing/hostile-records.js'
import { until } from '../testing/job-pages.js'
import { plainKafka, readWhole } from '../testing/plain-topic.js'
import {
  naiveBookBelow,
  runTopics,
  startRun,
  stopRun,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, testKafka } from '../testing/topics.js'

const COUNT = 6_000
const LIMIT_MS = 60_000
const THREADS = ['--fetch-threads', '3', '--levels', 'all']

afterEach(killLeftovers)

/** Records of every hostile kind, more partitions than threads. */
function someHostileRecords(seed: number) {
  const records = hostileRecords(seed)
  return Array.from({ length: COUNT }, () => {
    const { value, partition } = records.next().value
    const bytes = value === null ? null : Buffer.from(value)
    return { key: Buffer.from([partition, 0xff]), value: bytes, partition }
  })
}

/** As two kinds of producers would: every other record batch is compressed, and so in memory of its own. */
async function produceMixed(topic: string, records: ReturnType<typeof someHostileRecords>) {
  const createPartitioner = Partitioners.DefaultPartitioner
  const options = { createPartitioner, maxInFlightRequests: 1, idempotent: true }
  const producer = testKafka().producer(options)
  await producer.connect()
  for (let start = 0; start < records.length; start += 100) {
    const compression = start % 200 === 0 ? CompressionTypes.GZIP : CompressionTypes.None
    await producer.send({ topic, compression, messages: records.slice(start, start + 100) })
  }
  await producer.disconnect()
}

const sumOf = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0)

describe('run with fetching threads', () => {
  it('publishes the books and dead letters of an independent recount, also after kill -9', {
    timeout: LIMIT_MS,
  }, async () => {
    const topics = runTopics('threads')
    await makeTopic(topics.input, { partitions: HOSTILE_PARTITIONS })
    const records = someHostileRecords(11)
    const half = COUNT / 2
    await produceMixed(topics.input, records.slice(0, half))
    const first = await startRun(topics, THREADS)
    await tickWithRecords(topics.output, half)
    await first.stop('SIGKILL')
    await produceMixed(topics.input, records.slice(half))
    const second = await startRun(topics, THREADS)
    const tick = await tickWithRecords(topics.output, COUNT)
    await stopRun(second)

    const input = await readAll(topics.input)
    const book = naiveBookBelow(input, tick)
    expect(tick.value).toBe(book.message(Number.POSITIVE_INFINITY))
    const letters = await readAll(topics.deadLetters)
    const places = letters.map(({ headers }) => `${headers.partition}:${headers.offset}`)
    expect(new Set(places).size).toBe(letters.length)
    expect(letters.length).toBeGreaterThan(COUNT / 10)
    const sent = new Map(input.map((record) => [`${record.partition}:${record.offset}`, record]))
    for (const [index, { key, value, headers }] of letters.entries()) {
      const origin = sent.get(places[index]!)!
      expect(key).toEqual(origin.key)
      if (headers.reason !== 'too_large') expect(value).toEqual(origin.value)
    }
  })

  it.skipIf(process.env.KAFKA_BROKERS !== undefined)(
    'reads on when the broker is back',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      const broker = await startBroker()
      try {
        const kafka = plainKafka(broker.brokers, 'test')
        const topics = runTopics('threads')
        const job = await startRun(topics, THREADS, { env: { KAFKA_BROKERS: broker.brokers } })
        const records = someHostileRecords(12)
        await produce(topics.input, records.slice(0, 100), kafka)
        await broker.kill()
        await broker.restart()
        await produce(topics.input, records.slice(100, 200), kafka)
        await until(
          async () => (await readWhole(kafka, topics.output)).at(-1)?.headers.offsets ?? '{}',
          (offsets) => sumOf(Object.values(JSON.parse(offsets))) === 200,
        )
        expect((await stopRun(job)).records).toBe(200)
      } finally {
        await broker.stop()
      }
    },
  )
})
