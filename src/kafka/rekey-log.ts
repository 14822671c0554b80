/** The records of `--rekey` with their progress, as Kafka transactions. */
import type { IHeaders, Message } from 'kafkajs'
import { type Progress, readProgress, writeProgress } from '../wire/progress.js'
import type { RecordHeaders } from '../wire/records.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { PositionPublisher } from './position-publisher.js'
import { openProgressTopic, type ProgressTopic } from './progress-topic.js'
import { asBuffer, inSends } from './sends.js'
import { topicRanges } from './topics.js'
import { TransactionalProducer, transactionalId } from './transactional-producer.js'

export interface RekeyLogOptions {
  readonly input: string
  /** The topic that is keyed by order_id. */
  readonly output: string
  readonly progress: string
  /** The stage's own name, which begins with the job's. */
  readonly job: string
}

interface Writes {
  readonly records: readonly {
    readonly key: string | Uint8Array | null
    readonly partition: number
    readonly value: Uint8Array | null
    readonly timestamp: string
    readonly headers: RecordHeaders
  }[]
  readonly progress: Progress
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where the progress has several partitions */
export async function openRekeyLog(
  cluster: Cluster,
  options: RekeyLogOptions,
): Promise<KafkaRekeyLog> {
  const { progress: topic, job, input, output } = options
  const text = { write: writeProgress, read: readProgress }
  const progress = await openProgressTopic(cluster, { topic, job, text })
  const partitions = (await topicRanges(cluster, output)).length
  const positions = new PositionPublisher(cluster, input, job)
  return new KafkaRekeyLog(cluster, { ...options, partitions, topic: progress, positions })
}

interface Parts extends RekeyLogOptions {
  /** Of the output. */
  readonly partitions: number
  readonly topic: ProgressTopic<Progress>
  readonly positions: PositionPublisher
}

class KafkaRekeyLog {
  readonly #cluster: Cluster
  readonly #parts: Parts

  constructor(cluster: Cluster, parts: Parts) {
    this.#cluster = cluster
    this.#parts = parts
  }

  /** @throws DepthlineError KAFKA_UNREACHABLE or KAFKA_FAILED, retriable */
  async fence(): Promise<RekeyTransactor> {
    const id = transactionalId(this.#parts.job)
    return new RekeyTransactor(await TransactionalProducer.fence(this.#cluster, id), this.#parts)
  }

  readProgress(): Promise<Progress | undefined> {
    return this.#parts.topic.read()
  }
}

class RekeyTransactor {
  readonly #producer: TransactionalProducer
  readonly #parts: Parts

  constructor(producer: TransactionalProducer, parts: Parts) {
    this.#producer = producer
    this.#parts = parts
  }

  /** @throws DepthlineError RECORD_TOO_LARGE, or a retriable one in doubt */
  async commit({ records, progress }: Writes, isTooLate: () => boolean): Promise<boolean> {
    const { output, topic, positions } = this.#parts
    const messages = records.map((record) => this.#toMessage(record))
    const tooLarge = 'RECORD_TOO_LARGE'
    const sends = [...inSends(output, messages, tooLarge)]
    sends.push({ topicMessages: [topic.messages(progress)], tooLarge })
    try {
      const isCommitted = await this.#producer.commit(sends, isTooLate)
      if (isCommitted && records.length > 0) positions.offer(progress.offsets)
      return isCommitted
    } catch (error) {
      throw kafkaError(error, 'commit')
    }
  }

  discard(): Promise<void> {
    return this.#producer.discard()
  }

  /** Without a partition KafkaJS takes that of the key, as Java and all other producers would. */
  #toMessage({ key, partition, value, timestamp, headers }: Writes['records'][number]): Message {
    return {
      key: key instanceof Uint8Array ? asBuffer(key) : key,
      value: value === null ? null : asBuffer(value),
      timestamp,
      headers: toHeaders(headers),
      ...(key === null ? { partition: partition % this.#parts.partitions } : {}),
    }
  }
}

/**
 * The same values; KafkaJS cannot write a header without one, so that becomes an empty one. It reads
 * them into a plain object, where one that is named as what every object inherits, such as
 * `constructor`, comes as a list behind that.
 */
function toHeaders(headers: RecordHeaders): IHeaders {
  const entries = Object.entries(headers).map(([name, value]) => {
    const values = name in Object.prototype && Array.isArray(value) ? value.slice(1) : value
    return [name, Array.isArray(values) ? values.map(toHeader) : toHeader(values)] as const
  })
  return Object.fromEntries(entries)
}

function toHeader(value: Uint8Array | string | null | undefined): Buffer | string {
  return typeof value === 'string' ? value : asBuffer(value ?? new Uint8Array())
}
