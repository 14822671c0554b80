/** A job's ticks, dead letters and progress as Kafka transactions. */
import { type Progress, readProgress, writeProgress } from '../wire/progress.js'
import type { DeadLetter, SymbolLadder, Tick } from '../wire/records.js'
import { Beat } from './beat.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { PositionPublisher } from './position-publisher.js'
import { openProgressTopic, type ProgressTopic } from './progress-topic.js'
import { asBuffer, deadLetterMessage, inSends, ladderMessage } from './sends.js'
import { assertOnePartition, topicRanges } from './topics.js'
import {
  type Send,
  type TopicMessages,
  TransactionalProducer,
  transactionalId,
} from './transactional-producer.js'

export interface TransactionLogOptions {
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  /** Where the ladders go; undefined where there are none. */
  readonly bySymbol?: string | undefined
  readonly progress: string
  /** The job's name: the key of its ticks, and of its transactions. */
  readonly job: string
  /** Turns a tick's JSON text into the value to publish; where it is undefined the text is. */
  readonly encodeTick?: ((json: Uint8Array) => Promise<Uint8Array>) | undefined
}

interface Writes {
  readonly tick?: Tick
  readonly ladders?: readonly SymbolLadder[]
  readonly deadLetters: readonly DeadLetter[]
  readonly progress: Progress
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where a topic has several partitions */
export async function openTransactionLog(
  cluster: Cluster,
  options: TransactionLogOptions,
): Promise<KafkaTransactionLog> {
  const { output, progress: topic, job } = options
  assertOnePartition(output, await topicRanges(cluster, output))
  const text = { write: writeProgress, read: readProgress }
  const progress = await openProgressTopic(cluster, { topic, job, text })
  return new KafkaTransactionLog(cluster, options, progress)
}

class KafkaTransactionLog {
  readonly #cluster: Cluster
  readonly #options: TransactionLogOptions
  readonly #progress: ProgressTopic<Progress>
  readonly #positions: PositionPublisher

  constructor(cluster: Cluster, options: TransactionLogOptions, progress: ProgressTopic<Progress>) {
    this.#cluster = cluster
    this.#options = options
    this.#progress = progress
    this.#positions = new PositionPublisher(cluster, options.input, options.job)
  }

  /** @throws DepthlineError KAFKA_UNREACHABLE or KAFKA_FAILED, retriable */
  async fence(): Promise<KafkaTransactor> {
    const id = transactionalId(this.#options.job)
    const producer = await TransactionalProducer.fence(this.#cluster, id)
    return new KafkaTransactor(producer, this.#options, this.#progress, this.#positions)
  }

  readProgress(): Promise<Progress | undefined> {
    return this.#progress.read()
  }

  followProgress(handle: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    return this.#progress.follow(handle, signal)
  }
}

class KafkaTransactor {
  readonly #producer: TransactionalProducer
  readonly #options: TransactionLogOptions
  readonly #progress: ProgressTopic<Progress>
  readonly #positions: PositionPublisher
  readonly #beat = new Beat()

  constructor(
    producer: TransactionalProducer,
    options: TransactionLogOptions,
    progressTopic: ProgressTopic<Progress>,
    positions: PositionPublisher,
  ) {
    this.#producer = producer
    this.#options = options
    this.#progress = progressTopic
    this.#positions = positions
  }

  /**
   * @throws DepthlineError TICK_TOO_LARGE, RECORD_TOO_LARGE of a ladder, DEAD_LETTER_TOO_LARGE,
   * BAD_RECORD, or a retriable one in doubt
   */
  async commit(writes: Writes, isTooLate: () => boolean): Promise<boolean> {
    const { tick, deadLetters, ladders = [], progress } = writes
    const letters = deadLetters.map(deadLetterMessage)
    const sends = [...inSends(this.#options.deadLetters, letters, 'DEAD_LETTER_TOO_LARGE')]
    if (tick !== undefined && ladders.length > 0) {
      const messages = ladders.map((ladder) => ladderMessage(ladder, tick))
      sends.push(...inSends(this.#options.bySymbol!, messages, 'RECORD_TOO_LARGE'))
    }
    const last = this.#progress.messages(progress)
    // Together, because each request more would make the tick later; and before the transaction
    // begins, because a tick that cannot be encoded ends the job.
    const topicMessages: Send['topicMessages'] =
      tick === undefined ? [last] : [await this.#tickMessages(tick), last]
    sends.push({ topicMessages, tooLarge: 'TICK_TOO_LARGE' })
    const isTooLateInStep = async () => {
      if (tick !== undefined) await this.#beat.keep(tick.tick)
      return isTooLate()
    }
    try {
      const isCommitted = await this.#producer.commit(sends, isTooLateInStep)
      if (isCommitted) this.#positions.offer(progress.offsets)
      return isCommitted
    } catch (error) {
      throw kafkaError(error, 'commit')
    }
  }

  discard(): Promise<void> {
    return this.#producer.discard()
  }

  async #tickMessages({ tick, value: json, headers }: Tick): Promise<TopicMessages> {
    const { job: key, output: topic, encodeTick } = this.#options
    const timestamp = String(tick * 1000)
    const encoded = json === null || encodeTick === undefined ? json : await encodeTick(json)
    const value = encoded === null ? null : asBuffer(encoded)
    return { topic, messages: [{ key, value, headers: { ...headers }, timestamp, partition: 0 }] }
  }
}
