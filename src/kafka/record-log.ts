/** The records of a job that works in rounds, with its progress, as Kafka transactions. */
import type { Message } from 'kafkajs'
import type { Ownership } from '../wire/progress.js'
import type { DeadLetter } from '../wire/records.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { openProgressTopic, type ProgressText, type ProgressTopic } from './progress-topic.js'
import { asBuffer, deadLetterMessage, inSends } from './sends.js'
import { assertOnePartition, topicRanges } from './topics.js'
import { TransactionalProducer, transactionalId } from './transactional-producer.js'

export interface RecordLogOptions<P> {
  /** Every topic that records go to; each has one partition, which keeps their order. */
  readonly outputs: readonly string[]
  /** Undefined where the job rejects nothing. */
  readonly deadLetters?: string
  readonly progress: string
  readonly job: string
  readonly text: ProgressText<P>
}

interface Writes<P> {
  readonly records: readonly {
    readonly topic: string
    readonly key: string
    readonly value: Uint8Array
    readonly timestampMs: number
    readonly headers: Readonly<Record<string, string>>
  }[]
  readonly deadLetters: readonly DeadLetter[]
  readonly progress: P
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where a topic has several partitions */
export async function openRecordLog<P extends Ownership>(
  cluster: Cluster,
  options: RecordLogOptions<P>,
): Promise<KafkaRecordLog<P>> {
  for (const topic of options.outputs) assertOnePartition(topic, await topicRanges(cluster, topic))
  const { progress: topic, job, text } = options
  const progress = await openProgressTopic(cluster, { topic, job, text })
  return new KafkaRecordLog(cluster, options, progress)
}

class KafkaRecordLog<P extends Ownership> {
  readonly #cluster: Cluster
  readonly #options: RecordLogOptions<P>
  readonly #progress: ProgressTopic<P>

  constructor(cluster: Cluster, options: RecordLogOptions<P>, progress: ProgressTopic<P>) {
    this.#cluster = cluster
    this.#options = options
    this.#progress = progress
  }

  /** @throws DepthlineError KAFKA_UNREACHABLE or KAFKA_FAILED, retriable */
  async fence(): Promise<RecordTransactor<P>> {
    const id = transactionalId(this.#options.job)
    const producer = await TransactionalProducer.fence(this.#cluster, id)
    return new RecordTransactor(producer, this.#options, this.#progress)
  }

  readProgress(): Promise<P | undefined> {
    return this.#progress.read()
  }
}

class RecordTransactor<P extends Ownership> {
  readonly #producer: TransactionalProducer
  readonly #options: RecordLogOptions<P>
  readonly #progress: ProgressTopic<P>

  constructor(
    producer: TransactionalProducer,
    options: RecordLogOptions<P>,
    progress: ProgressTopic<P>,
  ) {
    this.#producer = producer
    this.#options = options
    this.#progress = progress
  }

  /** @throws DepthlineError RECORD_TOO_LARGE, DEAD_LETTER_TOO_LARGE, or a retriable one in doubt */
  async commit(writes: Writes<P>, isTooLate: () => boolean): Promise<boolean> {
    const { outputs, deadLetters = '' } = this.#options
    const letters = writes.deadLetters.map(deadLetterMessage)
    const sends = [
      ...inSends(deadLetters, letters, 'DEAD_LETTER_TOO_LARGE'),
      ...outputs.flatMap((topic) => {
        const messages = writes.records.filter((record) => record.topic === topic).map(toMessage)
        return [...inSends(topic, messages, 'RECORD_TOO_LARGE')]
      }),
      {
        topicMessages: [this.#progress.messages(writes.progress)] as const,
        tooLarge: 'RECORD_TOO_LARGE' as const,
      },
    ]
    try {
      return await this.#producer.commit(sends, isTooLate)
    } catch (error) {
      throw kafkaError(error, 'commit')
    }
  }

  discard(): Promise<void> {
    return this.#producer.discard()
  }
}

function toMessage({
  key,
  value,
  timestampMs,
  headers,
}: Writes<unknown>['records'][number]): Message {
  const timestamp = String(timestampMs)
  return { key, value: asBuffer(value), timestamp, headers: { ...headers }, partition: 0 }
}
