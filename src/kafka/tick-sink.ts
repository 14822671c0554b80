/** Publishes ticks and dead letters, and finds the job's last tick again after a restart. */
import { CompressionTypes, type Message, Partitioners, type Producer } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import type { DeadLetter, LastTick, Tick } from '../wire/records.js'
import { type Cluster, kafkaError, protocolErrorOf, quietly, within } from './client.js'
import { lastRecord } from './topic-reader.js'
import { assertOnePartition, topicRanges } from './topics.js'

/** Above this, messages are worth compressing. */
const COMPRESS_ABOVE_BYTES = 64 * 1024
/** KafkaJS puts all messages of a call into one batch, and the broker refuses large batches. */
const MAX_SEND_BYTES = 512 * 1024
const SEND_LIMIT_MS = 5_000

export interface TickSinkOptions {
  readonly output: string
  readonly deadLetters: string
  /** The job's name: the key of its ticks. */
  readonly job: string
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where the output topic has several partitions */
export async function openTickSink(cluster: Cluster, options: TickSinkOptions): Promise<TickSink> {
  assertOnePartition(options.output, await topicRanges(cluster, options.output))
  return new TickSink(cluster, options)
}

class TickSink {
  readonly #cluster: Cluster
  readonly #options: TickSinkOptions
  #producer: Producer | undefined

  constructor(cluster: Cluster, options: TickSinkOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  async recover(): Promise<LastTick | undefined> {
    const { output, job } = this.#options
    const isOurs = ({ key }: { key: Uint8Array | null }) =>
      key !== null && new TextDecoder().decode(key) === job
    const last = await lastRecord(this.#cluster, output, isOurs)
    if (last === undefined) return undefined
    const tick = Number(last.headers.tick)
    const offsets = Object.values(JSON.parse(last.headers.offsets ?? '{}') as object).map(Number)
    if (!Number.isSafeInteger(tick)) {
      const where = `${output}[0] at offset ${last.offset}`
      throw new DepthlineError('BAD_TICK', `${where} is keyed as a tick of ${job} and is none`)
    }
    return { tick, offsets }
  }

  async commit(commit: { tick?: Tick; deadLetters: readonly DeadLetter[] }): Promise<void> {
    const { output, deadLetters: topic } = this.#options
    try {
      this.#producer ??= await this.#connect()
      for (const messages of inSends(commit.deadLetters)) await this.#send(topic, messages)
      if (commit.tick !== undefined) await this.#send(output, [this.#tickMessage(commit.tick)])
    } catch (error) {
      await this.close()
      throw kafkaError(error, `publishing to ${output}`)
    }
  }

  /** After any error the producer goes: what it remembers of the failed send cannot be relied on. */
  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer !== undefined) await quietly(producer.disconnect())
  }

  async #connect(): Promise<Producer> {
    const producer = this.#cluster.kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      // A tick is never sent again blindly: the lost answer may have been a yes.
      retry: { retries: 0 },
    })
    await within(SEND_LIMIT_MS, producer.connect(), 'connecting a producer')
    return producer
  }

  async #send(topic: string, messages: Message[]): Promise<void> {
    const bytes = messages.reduce((sum, message) => sum + sizeOf(message), 0)
    const compression = bytes > COMPRESS_ABOVE_BYTES ? CompressionTypes.GZIP : CompressionTypes.None
    const send = this.#producer!.send({ topic, messages, compression, acks: -1 })
    await within(SEND_LIMIT_MS, send, `sending to ${topic}`).catch((error) => {
      throw protocolErrorOf(error) === 'MESSAGE_TOO_LARGE'
        ? this.#tooLarge(topic, bytes, error)
        : error
    })
  }

  /** Trying again would not help: somebody has to change the topic or the job. */
  #tooLarge(topic: string, bytes: number, cause: unknown): DepthlineError {
    const above = `of ${bytes} bytes is above max.message.bytes of ${topic}`
    return topic === this.#options.output
      ? new DepthlineError('TICK_TOO_LARGE', `a tick ${above}`, { cause })
      : new DepthlineError('LIMIT_PASSED', `a send of dead letters ${above}: raise it`, { cause })
  }

  #tickMessage({ tick, value, headers }: Tick): Message {
    const timestamp = String(tick * 1000)
    return { key: this.#options.job, value, headers: { ...headers }, timestamp, partition: 0 }
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

function sizeOf({ key, value, headers = {} }: Message): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of Object.entries(headers)) size += name.length + String(text).length
  return size
}
