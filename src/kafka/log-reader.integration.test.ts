/** A topic read partition by partition: none waits for another, and gaps have an end. */
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { makeTopic, produce, produceTransactions, uniqueName } from '../testing/topics.js'
import { type Cluster, connect, disconnect } from './client.js'
import { type LogReader, openLogReader } from './log-reader.js'

let cluster: Cluster
beforeAll(async () => {
  const settings = { brokers: inject('brokers').split(','), clientId: 'test' }
  cluster = await connect(settings, pino({ level: 'silent' }), new AbortController().signal)
})
afterAll(() => disconnect(cluster))

/** Reads a partition up to an offset; gives the numbers that its records hold. */
async function readTo(reader: LogReader, partition: number, end: number): Promise<number[]> {
  const numbers: number[] = []
  for (let position = 0; position < end; ) {
    const piece = await reader.next(partition)
    if (piece === undefined) break
    numbers.push(...piece.records.map(({ value }) => Number(value)))
    position = piece.position
  }
  return numbers
}

describe('a log reader', () => {
  it('reads one partition to its end while nobody reads the other, and then that', async () => {
    const topic = await makeTopic(uniqueName('pace'), { partitions: 2 })
    // 7 MB a partition: more than the fetches that may wait.
    const numbers = Array.from({ length: 4_000 }, (_, index) => index)
    const messages = numbers.flatMap((number) =>
      [0, 1].map((partition) => ({ value: `${number}`.padEnd(1_800), partition })),
    )
    await produce(topic, messages)
    const reader = await openLogReader(cluster, { topic, job: 'test' })
    expect(await reader.ends()).toEqual([4_000, 4_000])
    expect(await readTo(reader, 1, 4_000)).toEqual(numbers)
    expect(await readTo(reader, 0, 4_000)).toEqual(numbers)
    await reader.stop()
    expect(await reader.next(0)).toBe(undefined)
  })

  it('passes markers and aborted records, also at the end', async () => {
    const topic = await makeTopic(uniqueName('gaps'))
    await produceTransactions(topic, [
      { messages: [{ value: '1' }] },
      { messages: [{ value: '2' }], isAborted: true },
      { messages: [{ value: '3' }] },
      { messages: [{ value: '4' }, { value: '5' }], isAborted: true },
    ])
    const reader = await openLogReader(cluster, { topic, job: 'test' })
    const [end = 0] = await reader.ends()
    expect(end).toBe(9)
    expect(await readTo(reader, 0, end)).toEqual([1, 3])
    await reader.stop()
  })
})
