/** A job's progress record: the last one of its key, in one partition of a compacted topic. */
import { DepthlineError } from '../errors.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { lastRecord, readTopic, type TopicRecord } from './topic-reader.js'
import { assertOnePartition, topicRanges } from './topics.js'
import type { TopicMessages } from './transactional-producer.js'

/** How a job's progress is spelled. */
export interface ProgressText<P> {
  write(progress: P): string
  /** Undefined where the text is no progress record. */
  read(text: string): P | undefined
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where it has several partitions */
export async function openProgressTopic<P>(
  cluster: Cluster,
  { topic, job, text }: { topic: string; job: string; text: ProgressText<P> },
): Promise<ProgressTopic<P>> {
  assertOnePartition(topic, await topicRanges(cluster, topic))
  return new ProgressTopic(cluster, { topic, partition: 0 }, job, text)
}

interface Place {
  readonly topic: string
  readonly partition: number
}

export class ProgressTopic<P> {
  readonly #cluster: Cluster
  readonly #place: Place
  readonly #job: string
  readonly #text: ProgressText<P>

  constructor(cluster: Cluster, place: Place, job: string, text: ProgressText<P>) {
    this.#cluster = cluster
    this.#place = place
    this.#job = job
    this.#text = text
  }

  /** @throws DepthlineError LOG_LOST where the topic holds something else, or a retriable one */
  async read(): Promise<P | undefined> {
    const { topic, partition } = this.#place
    try {
      const from = { topic, job: this.#job, partition }
      const record = await lastRecord(this.#cluster, from, (record) => this.#isOurs(record))
      return record === undefined ? undefined : this.#decode(record)
    } catch (error) {
      throw kafkaError(error, `reading ${topic}`)
    }
  }

  async follow(handle: (progress: P) => void, signal: AbortSignal): Promise<void> {
    const { topic, partition } = this.#place
    const from = (await topicRanges(this.#cluster, topic)).map(({ high }) => high)
    const job = `${this.#job}.standby`
    const read = { topic, job, from, partition, follow: true, signal }
    for await (const records of readTopic(this.#cluster, read)) {
      const last = records.findLast((record) => this.#isOurs(record))
      if (last !== undefined) handle(this.#decode(last))
    }
  }

  messages(progress: P): TopicMessages {
    const { topic, partition } = this.#place
    const message = { key: this.#job, value: this.#text.write(progress), partition }
    return { topic, messages: [message] }
  }

  #isOurs({ key }: TopicRecord): boolean {
    return asText(key) === this.#job
  }

  #decode({ value, offset }: TopicRecord): P {
    const progress = this.#text.read(asText(value))
    if (progress !== undefined) return progress
    throw new DepthlineError(
      'LOG_LOST',
      `${this.#place.topic}[${this.#place.partition}] at offset ${offset} is no progress record of job ${this.#job} that this version reads`,
    )
  }
}

function asText(bytes: Uint8Array | null): string {
  return new TextDecoder().decode(bytes ?? undefined)
}
