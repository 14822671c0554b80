/** A job's ticks, dead letters and progress as Kafka transactions. */
import type { Message } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import { type Progress, readProgress, writeProgress } from '../wire/progress.js'
import type { DeadLetter, Tick } from '../wire/records.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { PositionPublisher } from './position-publisher.js'
import { lastRecord, readTopic, type TopicRecord } from './topic-reader.js'
import { assertOnePartition, topicRanges } from './topics.js'
import {
  type Send,
  sizeOf,
  type TopicMessages,
  TransactionalProducer,
} from './transactional-producer.js'

/** KafkaJS puts all messages of a send into one batch, and the broker refuses large batches. */
const MAX_SEND_BYTES = 512 * 1024

export interface TransactionLogOptions {
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  readonly progress: string
  /** The job's name: the key of its ticks, and of its transactions. */
  readonly job: string
  /** Turns a tick's JSON text into the value to publish; where it is undefined the text is. */
  readonly encodeTick?: ((message: string) => Promise<Uint8Array>) | undefined
}

interface Writes {
  readonly tick?: Tick
  readonly deadLetters: readonly DeadLetter[]
  readonly progress: Progress
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where a topic has several partitions */
export async function openTransactionLog(
  cluster: Cluster,
  options: TransactionLogOptions,
): Promise<KafkaTransactionLog> {
  for (const topic of [options.output, options.progress]) {
    assertOnePartition(topic, await topicRanges(cluster, topic))
  }
  return new KafkaTransactionLog(cluster, options)
}

class KafkaTransactionLog {
  readonly #cluster: Cluster
  readonly #options: TransactionLogOptions
  readonly #positions: PositionPublisher

  constructor(cluster: Cluster, options: TransactionLogOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#positions = new PositionPublisher(cluster, options.input, options.job)
  }

  /** @throws DepthlineError KAFKA_UNREACHABLE or KAFKA_FAILED, retriable */
  async fence(): Promise<KafkaTransactor> {
    const id = `depthline.${this.#options.job}`
    const producer = await TransactionalProducer.fence(this.#cluster, id)
    return new KafkaTransactor(producer, this.#options, this.#positions)
  }

  /** @throws DepthlineError LOG_LOST where the topic holds something else, or a retriable one */
  async readProgress(): Promise<Progress | undefined> {
    const { progress: topic } = this.#options
    try {
      const record = await lastRecord(this.#cluster, topic, (record) => this.#isOurs(record))
      return record === undefined ? undefined : this.#decode(record)
    } catch (error) {
      throw kafkaError(error, `reading ${topic}`)
    }
  }

  async followProgress(handle: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    const { progress: topic, job } = this.#options
    const [range] = await topicRanges(this.#cluster, topic)
    const from = [range?.high ?? 0]
    const read = { topic, job: `${job}.standby`, from, follow: true, signal }
    for await (const records of readTopic(this.#cluster, read)) {
      const last = records.findLast((record) => this.#isOurs(record))
      if (last !== undefined) handle(this.#decode(last))
    }
  }

  #isOurs({ key }: TopicRecord): boolean {
    return asText(key) === this.#options.job
  }

  #decode({ value, offset }: TopicRecord): Progress {
    const progress = readProgress(asText(value))
    if (progress !== undefined) return progress
    const { progress: topic, job } = this.#options
    throw new DepthlineError(
      'LOG_LOST',
      `${topic}[0] at offset ${offset} is no progress record of job ${job} that this version reads`,
    )
  }
}

class KafkaTransactor {
  readonly #producer: TransactionalProducer
  readonly #options: TransactionLogOptions
  readonly #positions: PositionPublisher

  constructor(
    producer: TransactionalProducer,
    options: TransactionLogOptions,
    positions: PositionPublisher,
  ) {
    this.#producer = producer
    this.#options = options
    this.#positions = positions
  }

  /** @throws DepthlineError TICK_TOO_LARGE, DEAD_LETTER_TOO_LARGE, BAD_RECORD, or a retriable one in doubt */
  async commit(writes: Writes, isTooLate: () => boolean): Promise<boolean> {
    const { tick, deadLetters, progress } = writes
    const sends: Send[] = []
    for (const messages of inSends(deadLetters)) {
      const topic = this.#options.deadLetters
      sends.push({ topicMessages: [{ topic, messages }], tooLarge: 'DEAD_LETTER_TOO_LARGE' })
    }
    const last = this.#progressMessages(progress)
    // Together, because each request more would make the tick later; and before the transaction
    // begins, because a tick that cannot be encoded ends the job.
    const topicMessages: Send['topicMessages'] =
      tick === undefined ? [last] : [await this.#tickMessages(tick), last]
    sends.push({ topicMessages, tooLarge: 'TICK_TOO_LARGE' })
    try {
      const isCommitted = await this.#producer.commit(sends, isTooLate)
      if (isCommitted) this.#positions.offer(progress.offsets)
      return isCommitted
    } catch (error) {
      throw kafkaError(error, 'commit')
    }
  }

  discard(): Promise<void> {
    return this.#producer.discard()
  }

  #progressMessages(progress: Progress): TopicMessages {
    const message = { key: this.#options.job, value: writeProgress(progress), partition: 0 }
    return { topic: this.#options.progress, messages: [message] }
  }

  async #tickMessages({ tick, value: text, headers }: Tick): Promise<TopicMessages> {
    const { job: key, output: topic, encodeTick } = this.#options
    const timestamp = String(tick * 1000)
    const value = encodeTick === undefined ? text : asBuffer(await encodeTick(text))
    return { topic, messages: [{ key, value, headers: { ...headers }, timestamp, partition: 0 }] }
  }
}

/** Splits dead letters into sends that the broker takes. */
function* inSends(letters: readonly DeadLetter[]): Generator<Message[]> {
  let send: Message[] = []
  let bytes = 0
  for (const { key, value, headers } of letters) {
    const message: Message = {
      key: key === null ? null : asBuffer(key),
      value: value === null ? null : asBuffer(value),
      headers: { ...headers },
    }
    if (send.length > 0 && bytes + sizeOf(message) > MAX_SEND_BYTES) {
      yield send
      send = []
      bytes = 0
    }
    send.push(message)
    bytes += sizeOf(message)
  }
  if (send.length > 0) yield send
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function asText(bytes: Uint8Array | null): string {
  return new TextDecoder().decode(bytes ?? undefined)
}
