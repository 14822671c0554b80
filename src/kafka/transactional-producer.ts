/** One job's transactional producer: made anew after any error, fencing whoever had it before. */
import { CompressionTypes, type Message, Partitioners, type Producer } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import type { Client, Cluster } from './client.js'
import { kafkaError, protocolErrorOf, quietly, refused, within } from './failures.js'

export interface TopicMessages {
  readonly topic: string
  readonly messages: Message[]
}

/** One request: all messages of a topic's partition go into one batch. */
export interface Send {
  /** The first is the one that may be too large. */
  readonly topicMessages: readonly [TopicMessages, ...TopicMessages[]]
  /** The error where the topic does not take so large a batch; trying again would not help. */
  readonly tooLarge: 'TICK_TOO_LARGE' | 'DEAD_LETTER_TOO_LARGE' | 'RECORD_TOO_LARGE'
}

const TOO_LARGE = {
  TICK_TOO_LARGE: 'a tick',
  DEAD_LETTER_TOO_LARGE: 'a send of dead letters',
  RECORD_TOO_LARGE: 'a send of records',
}

/** Of a job; it holds nothing that differs between its processes, so that each fences the one before. */
export function transactionalId(job: string): string {
  return `depthline.${job}`
}

/** So long an open transaction of a dead process can keep read_committed readers waiting. */
const TRANSACTION_TIMEOUT_MS = 10_000
const CALL_LIMIT_MS = 5_000
const FENCE_LIMIT_MS = 20_000
const FENCE_RETRY_MS = 100
/** Above this, messages are worth compressing. */
const COMPRESS_ABOVE_BYTES = 64 * 1024

/**
 * A producer that nobody else can hold: making one fences every other with its id.
 * After any error throw it away, because KafkaJS would reuse sequence numbers and
 * the broker would drop acknowledged records as repetitions.
 */
export class TransactionalProducer {
  readonly #producer: Producer
  /** By topic and partition, where the last batch that went there begins. */
  readonly #offsets = new Map<string, number>()

  private constructor(producer: Producer) {
    this.#producer = producer
  }

  /**
   * Connects and fences. What the producer before left open is aborted by now, or committed.
   *
   * @throws DepthlineError KAFKA_REFUSED; KAFKA_UNREACHABLE or KAFKA_FAILED, retriable
   */
  static async fence(cluster: Cluster, transactionalId: string): Promise<TransactionalProducer> {
    const deadline = Date.now() + FENCE_LIMIT_MS
    for (;;) {
      const client = cluster.newClient()
      const producer = newProducer(client, transactionalId)
      try {
        await within(CALL_LIMIT_MS, producer.connect(), 'connecting a producer')
        // connect() does not fence; beginning a transaction does.
        const transaction = await within(CALL_LIMIT_MS, producer.transaction(), 'fencing')
        await within(CALL_LIMIT_MS, transaction.abort(), 'fencing')
        return new TransactionalProducer(producer)
      } catch (error) {
        await quietly(producer.disconnect())
        const what = `taking over the transactional id ${transactionalId}`
        const said = client.refusal()
        const failure = said === undefined ? kafkaError(error, what) : refused(what, said, error)
        if (failure.code === 'KAFKA_REFUSED' || Date.now() > deadline) throw failure
        await new Promise((resolve) => setTimeout(resolve, FENCE_RETRY_MS))
      }
    }
  }

  /**
   * Sends in order and commits all of it or nothing.
   *
   * @param isTooLate asked last before the commit; where it says so, nothing is committed
   * @returns false where it was too late
   * @throws whatever went wrong; whether it was committed is not known then
   */
  async commit(
    sends: readonly Send[],
    isTooLate: () => boolean | Promise<boolean> = () => false,
  ): Promise<boolean> {
    const transaction = await within(CALL_LIMIT_MS, this.#producer.transaction(), 'beginning')
    for (const { topicMessages, tooLarge } of sends) {
      const [{ topic, messages }] = topicMessages
      const topics = topicMessages.map((one) => one.topic).join(' and ')
      const bytes = messages.reduce((sum, message) => sum + sizeOf(message), 0)
      const compression =
        bytes > COMPRESS_ABOVE_BYTES ? CompressionTypes.GZIP : CompressionTypes.None
      const batch = { topicMessages: [...topicMessages], compression, acks: -1 }
      const send = transaction.sendBatch(batch)
      const written = await within(CALL_LIMIT_MS, send, `sending to ${topic}`).catch((error) => {
        if (protocolErrorOf(error) !== 'MESSAGE_TOO_LARGE') {
          throw kafkaError(error, `sending to ${topics}`)
        }
        const message = `${TOO_LARGE[tooLarge]} of ${bytes} bytes is above max.message.bytes of ${topic}`
        throw new DepthlineError(tooLarge, message, { cause: error })
      })
      for (const { topicName, partition, baseOffset } of written) {
        this.#offsets.set(`${topicName}/${partition}`, Number(baseOffset))
      }
    }
    if (await isTooLate()) {
      await within(CALL_LIMIT_MS, transaction.abort(), 'aborting')
      return false
    }
    await within(CALL_LIMIT_MS, transaction.commit(), 'committing')
    return true
  }

  /** Where the last batch begins that this producer has sent there. */
  lastOffset(topic: string, partition: number): number | undefined {
    return this.#offsets.get(`${topic}/${partition}`)
  }

  async discard(): Promise<void> {
    await quietly(this.#producer.disconnect())
  }
}

function newProducer({ kafka }: Client, transactionalId: string): Producer {
  return kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    transactionalId,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    idempotent: true,
    maxInFlightRequests: 1,
    // A repeated send carries the same sequence number, so the broker takes it once. The
    // short wait matters: a transaction right behind another is put off for some milliseconds.
    retry: { initialRetryTime: 10, maxRetryTime: 200, retries: 5 },
  })
}

/** Bytes of a message without its framing. */
export function sizeOf({ key, value, headers = {} }: Message): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of Object.entries(headers)) size += name.length + String(text).length
  return size
}
