/** Publishes each tick with its dead letters and the job's progress in one Kafka transaction. */
import { randomUUID } from 'node:crypto'
import type { Message } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import { type Progress, readProgress, writeProgress } from '../wire/progress.js'
import type { Commit, DeadLetter, Tick } from '../wire/records.js'
import { type Cluster, kafkaError } from './client.js'
import { lastRecord } from './topic-reader.js'
import { assertOnePartition, topicRanges } from './topics.js'
import {
  type Send,
  sizeOf,
  type TopicMessages,
  TransactionalProducer,
} from './transactional-producer.js'

/** KafkaJS puts all messages of a send into one batch, and the broker refuses large batches. */
const MAX_SEND_BYTES = 512 * 1024
/** A process that has just fenced this one needs so long, on a loaded machine, to commit its claim. */
const SETTLE_MS = 800
/** Two processes that start together fence each other; they try again at different times. */
const TAKE_OVER_ATTEMPTS = 10
const TAKE_OVER_RETRY_MS = 400

export interface TickSinkOptions {
  readonly output: string
  readonly deadLetters: string
  readonly progress: string
  /** The job's name: the key of its ticks, and of its transactions. */
  readonly job: string
  /** Of depthline. */
  readonly version: string
}

/** @throws DepthlineError TOPIC_MISSING, or USAGE where a topic has several partitions */
export async function openTickSink(cluster: Cluster, options: TickSinkOptions): Promise<TickSink> {
  for (const topic of [options.output, options.progress]) {
    assertOnePartition(topic, await topicRanges(cluster, topic))
  }
  return new TickSink(cluster, options)
}

class TickSink {
  readonly #cluster: Cluster
  readonly #options: TickSinkOptions
  readonly #owner = randomUUID()
  #producer: TransactionalProducer | undefined
  #last: Progress
  #isClosed = false
  /** Who owned the job when this process first looked; any other newcomer goes before it. */
  #predecessor: { readonly owner: string | undefined } | undefined

  constructor(cluster: Cluster, options: TickSinkOptions) {
    this.#cluster = cluster
    this.#options = options
    const { version } = options
    const owner = this.#owner
    this.#last = { tick: undefined, offsets: [], rejected: 0, owner, sequence: 0, version }
  }

  /**
   * Makes this process the only one that can publish: fence, read what is committed,
   * claim it. The claim tells a process that is fenced by it that it has lost.
   *
   * @returns what was committed last; undefined where the job is new
   * @throws DepthlineError FENCED where another process claims the job at the same time
   */
  async takeOver(): Promise<Progress | undefined> {
    const { job } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#claim()
      } catch (error) {
        await this.#producer?.discard()
        const failure = kafkaError(error, `taking over job ${job}`)
        if (!failure.retriable || attempt === TAKE_OVER_ATTEMPTS) throw failure
        // The process before has fenced this one back, not knowing yet that it has to go.
        this.#cluster.log.info({ reason: failure.message }, 'taking over again')
        await new Promise((resolve) => setTimeout(resolve, Math.random() * TAKE_OVER_RETRY_MS))
      }
    }
  }

  async #claim(): Promise<Progress | undefined> {
    this.#producer = await this.#fence()
    const found = await this.#read()
    this.#predecessor ??= { owner: found?.owner }
    // A claim of our own whose answer was lost is a claim all the same.
    const expected = [this.#predecessor.owner, this.#owner]
    if (!expected.includes(found?.owner)) throw this.#fenced()
    const claim = this.#next(found ?? this.#last, {})
    const topicMessages: Send['topicMessages'] = [this.#progressMessages(claim)]
    await this.#producer.commit([{ topicMessages, tooLarge: 'TICK_TOO_LARGE' }])
    this.#last = claim
    return found
  }

  /**
   * Commits all of it or nothing. Where Kafka is away it waits for Kafka, and then finds
   * out from the progress record whether the commit in hand was done; it never sends again.
   *
   * @returns false where it is certain that nothing was committed
   * @throws DepthlineError FENCED, TICK_TOO_LARGE, DEAD_LETTER_TOO_LARGE
   */
  async commit({ tick, deadLetters, offsets, rejected, isTooLate }: Commit): Promise<boolean> {
    const next = this.#next(this.#last, { tick: tick?.tick, offsets, rejected })
    const sends: Send[] = []
    for (const messages of inSends(deadLetters)) {
      const topic = this.#options.deadLetters
      sends.push({ topicMessages: [{ topic, messages }], tooLarge: 'DEAD_LETTER_TOO_LARGE' })
    }
    const progress = this.#progressMessages(next)
    // Together, because each request more would make the tick later.
    const topicMessages: Send['topicMessages'] =
      tick === undefined ? [progress] : [this.#tickMessages(tick), progress]
    sends.push({ topicMessages, tooLarge: 'TICK_TOO_LARGE' })
    try {
      if (!(await this.#producer!.commit(sends, isTooLate))) return false
    } catch (error) {
      await this.#producer!.discard()
      if (error instanceof DepthlineError && !error.retriable) throw error
      this.#cluster.log.warn({ reason: kafkaError(error, 'commit').message }, 'commit in doubt')
      return this.#settle(next)
    }
    this.#last = next
    return true
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#producer?.discard()
  }

  /** Finds out whether `attempt` was committed, and gets a new producer; until then nothing is sent. */
  async #settle(attempt: Progress): Promise<boolean> {
    while (!this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      try {
        // Fencing first would fence whoever took over meanwhile.
        await this.#readOwn()
        this.#producer = await this.#fence()
        // The transaction in doubt is over by now, whichever way it went.
        this.#last = await this.#readOwn()
        return this.#last.sequence === attempt.sequence
      } catch (error) {
        await this.#producer?.discard()
        if (!(error instanceof DepthlineError && error.retriable)) throw error
        this.#cluster.log.warn({ reason: error.message }, 'waiting for Kafka')
      }
    }
    return false
  }

  #fence(): Promise<TransactionalProducer> {
    return TransactionalProducer.fence(this.#cluster, `depthline.${this.#options.job}`)
  }

  /** What is committed, by this process. */
  async #readOwn(): Promise<Progress> {
    const found = await this.#read()
    if (found?.owner === this.#owner) return found
    throw this.#fenced()
  }

  #fenced(): DepthlineError {
    const { job } = this.#options
    const message = `another process has taken over job ${job}; this one has published nothing since`
    return new DepthlineError('FENCED', message)
  }

  async #read(): Promise<Progress | undefined> {
    const { progress: topic, job } = this.#options
    const decode = (bytes: Uint8Array | null) => new TextDecoder().decode(bytes ?? undefined)
    const record = await lastRecord(this.#cluster, topic, ({ key }) => decode(key) === job)
    if (record === undefined) return undefined
    const progress = readProgress(decode(record.value))
    if (progress !== undefined) return progress
    throw new DepthlineError(
      'LOG_LOST',
      `${topic}[0] at offset ${record.offset} is no progress record of job ${job}`,
    )
  }

  #next(
    last: Progress,
    change: { tick?: number | undefined; offsets?: Progress['offsets']; rejected?: number },
  ): Progress {
    return {
      tick: change.tick ?? last.tick,
      offsets: change.offsets ?? last.offsets,
      rejected: change.rejected ?? last.rejected,
      owner: this.#owner,
      sequence: last.sequence + 1,
      version: this.#options.version,
    }
  }

  #progressMessages(progress: Progress): TopicMessages {
    const message = { key: this.#options.job, value: writeProgress(progress), partition: 0 }
    return { topic: this.#options.progress, messages: [message] }
  }

  #tickMessages({ tick, value, headers }: Tick): TopicMessages {
    const { job: key, output: topic } = this.#options
    const timestamp = String(tick * 1000)
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
