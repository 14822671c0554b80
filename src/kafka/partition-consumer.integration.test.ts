/** What a consumer does where the log is not what it was: it ends and says so, and never jumps. */
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { makeTopic, produce, uniqueName, withAdmin } from '../testing/topics.js'
import { type Cluster, connect, disconnect } from './client.js'
import { PartitionConsumer } from './partition-consumer.js'

let cluster: Cluster
beforeAll(async () => {
  const settings = { brokers: inject('brokers').split(','), clientId: 'test' }
  cluster = await connect(settings, pino({ level: 'silent' }), new AbortController().signal)
})
afterAll(() => disconnect(cluster))

async function topicOf(count: number): Promise<string> {
  const topic = await makeTopic(uniqueName('log'))
  await produce(
    topic,
    Array.from({ length: count }, (_, index) => ({ value: `${index}` })),
  )
  return topic
}

/** Deletes the records below an offset, as retention does. */
async function deleteBelow(topic: string, offset: number): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: `${offset}` }] })
  })
}

/** Reads from a position; gives the offsets that came before `count` of them did, or the error. */
async function offsetsFrom(topic: string, position: number, count: number): Promise<number[]> {
  const offsets: number[] = []
  const positions = [position]
  await new Promise<void>((resolve, reject) => {
    const consumer = new PartitionConsumer(cluster, {
      topic,
      job: 'test',
      positions,
      async handle({ records }) {
        offsets.push(...records.map(({ offset }) => Number(offset)))
        if (offsets.length >= count) consumer.stop().then(resolve)
      },
    })
    consumer.run().catch(reject)
  })
  return offsets
}

describe('a position', () => {
  it('is where reading starts', async () => {
    expect(await offsetsFrom(await topicOf(6), 2, 4)).toEqual([2, 3, 4, 5])
  })

  it('that retention has passed ends the reading instead of moving on', async () => {
    const topic = await topicOf(10)
    await deleteBelow(topic, 5)
    await expect(offsetsFrom(topic, 3, 1)).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining(
        'holds offsets 5 to 10 in partition 0, and 3 was to be read',
      ),
    })
    expect(await offsetsFrom(topic, 5, 5)).toEqual([5, 6, 7, 8, 9])
  })

  it('past the end of a shorter log ends the reading instead of going back', async () => {
    await expect(offsetsFrom(await topicOf(4), 7, 1)).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('holds offsets 0 to 4 in partition 0, and 7 was to be read'),
    })
  })

  it('in a topic that is deleted meanwhile ends the reading', async () => {
    const topic = await topicOf(3)
    const reading = offsetsFrom(topic, 0, 4)
    reading.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }))
    await expect(reading).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('is gone'),
    })
  }, 60_000)
})
