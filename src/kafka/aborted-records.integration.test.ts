/** Aborted transactions of two producers that write one partition at a time, as `run` and others read it. */
import { Partitioners, type Producer } from 'kafkajs'
import { pino } from 'pino'
import { expect, inject, it } from 'vitest'
import { makeTopic, testKafka, uniqueName } from '../testing/topics.js'
import { connect, disconnect } from './client.js'
import { readTopic } from './topic-reader.js'

it('no record of a transaction that was aborted is read, in whatever order they end', async () => {
  const topic = uniqueName('aborted')
  await makeTopic(topic, { partitions: 1 })
  const producers = [producer(topic, 'a'), producer(topic, 'b')]
  await Promise.all(producers.map((one) => one.connect()))
  const [a, b] = await Promise.all(producers.map((one) => one.transaction()))
  await a!.send({ topic, messages: [{ value: 'aborted last' }] })
  await b!.send({ topic, messages: [{ value: 'aborted first' }] })
  await b!.abort()
  await a!.abort()
  const again = await producers[0]!.transaction()
  await again.send({ topic, messages: [{ value: 'committed' }] })
  await again.commit()
  await Promise.all(producers.map((one) => one.disconnect()))
  expect(await valuesOf(topic)).toEqual(['committed'])
})

/** As our own readers see them. */
async function valuesOf(topic: string): Promise<string[]> {
  const settings = { brokers: inject('brokers').split(','), clientId: 'test' }
  const { signal } = new AbortController()
  const cluster = await connect(settings, pino({ level: 'silent' }), signal)
  const values: string[] = []
  for await (const records of readTopic(cluster, { topic, job: topic, follow: false, signal })) {
    values.push(...records.map(({ value }) => String(Buffer.from(value!))))
  }
  await disconnect(cluster)
  return values
}

function producer(topic: string, name: string): Producer {
  return testKafka().producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: `${topic}.${name}`,
    idempotent: true,
    maxInFlightRequests: 1,
  })
}
