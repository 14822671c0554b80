/** Reads a topic as a stream of records, up to its end or for ever. */
import type { Cluster } from './client.js'
import { within } from './failures.js'
import { PartitionConsumer } from './partition-consumer.js'
import { topicRanges } from './topics.js'

export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly timestampMs: number
}

export interface ReadOptions {
  readonly topic: string
  /** Begins the name of the consumer's own group. */
  readonly job: string
  /** Where to start, by partition; what is no longer kept is passed over. Default: the start. */
  readonly from?: readonly number[]
  /** The only partition to read; default: all. */
  readonly partition?: number
  /** Read on for new records; otherwise end at what the topic held at the start. */
  readonly follow: boolean
  readonly signal: AbortSignal
}

/** A broker may take seconds to let a new group in; ending there would make a full topic look empty. */
const SILENCE_LIMIT_MS = 30_000
/** How far before the end to look for the last record: transactions leave markers there. */
const LOOK_BACK = 50

/**
 * Yields records in partition order, committed ones only, a batch at a time.
 *
 * @throws DepthlineError TOPIC_MISSING, KAFKA_FAILED, KAFKA_UNREACHABLE
 */
export async function* readTopic(
  cluster: Cluster,
  { topic, job, from = [], partition: only, follow, signal }: ReadOptions,
): AsyncGenerator<TopicRecord[]> {
  const ranges = await topicRanges(cluster, topic)
  const isWanted = (partition: number) => only === undefined || partition === only
  const positions = ranges.map(({ low }, partition) => Math.max(low, from[partition] ?? 0))
  const isAtEnd = () =>
    ranges.every(({ high }, partition) => !isWanted(partition) || positions[partition]! >= high)
  if (!follow && isAtEnd()) return
  const hand = new HandOver<TopicRecord[]>()
  const consumer = new PartitionConsumer(cluster, {
    topic,
    job,
    positions,
    ...(only === undefined ? {} : { share: { index: only, count: ranges.length } }),
    handle: ({ partition, records }) =>
      hand.give(records.map((record) => toTopicRecord(partition, record))),
    onPosition: () => {
      if (!follow && isAtEnd()) hand.end()
    },
  })
  const stop = () => hand.end()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  consumer.run().catch((error) => hand.fail(error))
  try {
    const soon = (call: Promise<void>) => within(SILENCE_LIMIT_MS, call, `reading ${topic}`)
    yield* hand.taken(follow ? (call) => call : soon)
  } finally {
    signal.removeEventListener('abort', stop)
    hand.close()
    await consumer.stop()
  }
}

/** A partition whose end is looked at; the first one where it is left out. */
type EndOf = Pick<ReadOptions, 'topic' | 'job' | 'partition'>

/** The last record there that `isWanted`; undefined where there is none. */
export async function lastRecord(
  cluster: Cluster,
  where: EndOf,
  isWanted: (record: TopicRecord) => boolean = () => true,
): Promise<TopicRecord | undefined> {
  return (await lastRecords(cluster, where, 1, isWanted))[0]
}

/** The last `count` such records there, or as many as there are, in order. */
export async function lastRecords(
  cluster: Cluster,
  { topic, job, partition = 0 }: EndOf,
  count: number,
  isWanted: (record: TopicRecord) => boolean,
): Promise<TopicRecord[]> {
  const range = (await topicRanges(cluster, topic))[partition]
  if (range === undefined) return []
  const { signal } = new AbortController()
  // Most often they are near the end; else the search goes ever further back.
  for (let back = LOOK_BACK; ; back *= 8) {
    const start = Math.max(range.low, range.high - back)
    const found: TopicRecord[] = []
    const from = [...new Array<number>(partition).fill(0), start]
    const read = readTopic(cluster, { topic, job, from, partition, follow: false, signal })
    for await (const records of read) {
      for (const record of records) {
        if (isWanted(record) && found.push(record) > count) found.shift()
      }
    }
    if (found.length >= count || start === range.low) return found
  }
}

/** Passes values from one side to the other, at most one at a time. */
class HandOver<T> {
  #waiting: { value: T; taken: () => void }[] = []
  #wake: () => void = () => {}
  #hasEnded = false
  #isClosed = false
  #failure: { error: unknown } | undefined

  /** Resolves when the value has been taken. */
  give(value: T): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((taken) => {
      this.#waiting.push({ value, taken })
      this.#wake()
    })
  }

  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  /** Nothing is taken any more: whoever waits to give something goes free. */
  close(): void {
    this.#isClosed = true
    for (const { taken } of this.#waiting) taken()
  }

  fail(error: unknown): void {
    this.#failure = { error }
    this.#wake()
  }

  /** @param limit rejects where waiting for the next value takes too long */
  async *taken(limit: (call: Promise<void>) => Promise<void>): AsyncGenerator<T> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) {
        try {
          yield next.value
        } finally {
          // Also where the reader leaves in the middle: nobody else would let the giver go.
          next.taken()
        }
        continue
      }
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#hasEnded) return
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await limit(woken)
    }
  }
}

function toTopicRecord(
  partition: number,
  record: {
    offset: string
    key: Buffer | null
    value: Buffer | null
    timestamp: string
    headers?: Record<string, unknown>
  },
): TopicRecord {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(record.headers ?? {})) headers[name] = String(value)
  const { key, value } = record
  const timestampMs = Number(record.timestamp)
  return { partition, offset: Number(record.offset), key, value, headers, timestampMs }
}
