/** A shard's levels, dead letters and progress as Kafka transactions. */
import { DepthlineError } from '../errors.js'
import {
  type LevelRecord,
  type Mark,
  markRecord,
  readLevelRecord,
  type ShardMark,
} from '../wire/level-record.js'
import { type Progress, readProgress, writeProgress } from '../wire/progress.js'
import type { DeadLetter } from '../wire/records.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { openProgressTopic, ProgressTopic } from './progress-topic.js'
import { deadLetterMessage, inSends } from './sends.js'
import { lastRecord } from './topic-reader.js'
import { topicRanges } from './topics.js'
import { TransactionalProducer, transactionalId } from './transactional-producer.js'

export interface ShardLogOptions {
  /** The job's name. */
  readonly job: string
  /** Of the input. */
  readonly partition: number
  readonly deadLetters: string
  readonly levels: string
  /** The shards' progress. */
  readonly shards: string
  /** The progress of the job as a whole. */
  readonly progress: string
}

interface Writes {
  readonly levels: readonly LevelRecord[]
  readonly mark: ShardMark | undefined
  readonly deadLetters: readonly DeadLetter[]
  readonly progress: Progress
}

const TEXT = { write: writeProgress, read: readProgress }

/** @throws DepthlineError TOPIC_MISSING, or USAGE where the job's progress has several partitions */
export async function openShardLog(
  cluster: Cluster,
  options: ShardLogOptions,
): Promise<KafkaShardLog> {
  const { job, partition, levels, shards: topic } = options
  const whole = await openProgressTopic(cluster, { topic: options.progress, job, text: TEXT })
  // A topic that was made by hand may have other partitions than the input.
  const own = partition % (await topicRanges(cluster, topic)).length
  const name = `${job}.shard.${partition}`
  const progress = new ProgressTopic(cluster, { topic, partition: own }, name, TEXT)
  const levelsPartition = partition % (await topicRanges(cluster, levels)).length
  return new KafkaShardLog(cluster, { ...options, name, levelsPartition }, { progress, whole })
}

interface Place extends ShardLogOptions {
  /** The shard's. */
  readonly name: string
  readonly levelsPartition: number
}

interface ProgressTopics {
  readonly progress: ProgressTopic<Progress>
  readonly whole: ProgressTopic<Progress>
}

/** An offset of the levels topic at which the shard has written. */
interface Written {
  after: number
}

class KafkaShardLog {
  readonly #cluster: Cluster
  readonly #place: Place
  readonly #topics: ProgressTopics
  readonly #written: Written = { after: 0 }

  constructor(cluster: Cluster, place: Place, topics: ProgressTopics) {
    this.#cluster = cluster
    this.#place = place
    this.#topics = topics
  }

  /** @throws DepthlineError KAFKA_UNREACHABLE or KAFKA_FAILED, retriable */
  async fence(): Promise<KafkaShardTransactor> {
    const id = transactionalId(this.#place.name)
    const producer = await TransactionalProducer.fence(this.#cluster, id)
    return new KafkaShardTransactor(producer, this.#place, this.#topics.progress, this.#written)
  }

  readProgress(): Promise<Progress | undefined> {
    return this.#topics.progress.read()
  }

  readJobProgress(): Promise<Progress | undefined> {
    return this.#topics.whole.read()
  }

  /** @throws DepthlineError LOG_LOST, or a retriable one */
  async assertLevels(own: Progress): Promise<void> {
    const { levels: topic, levelsPartition, partition, shards, name } = this.#place
    const newest = await this.#newestMark()
    if (own.tick === undefined && newest === undefined) return
    if (own.tick === undefined) {
      throw lostLevels(
        topic,
        `has marks of partition ${partition}, of which ${shards} knows nothing`,
      )
    }
    const { mark, offset } = newest ?? {}
    if (mark === undefined || offset === undefined) {
      throw lostLevels(
        topic,
        `has no mark of partition ${partition}, although ${name} has published`,
      )
    }
    if (mark.offset !== own.offsets[partition] || offset < mark.after) {
      const place = `${levelsPartition}, offset ${offset}`
      throw lostLevels(topic, `is not what ${name} has written: see its mark in partition ${place}`)
    }
    this.#written.after = offset
  }

  async #newestMark(): Promise<{ mark: Mark; offset: number } | undefined> {
    const { levels: topic, levelsPartition, partition, job } = this.#place
    const key = String(partition)
    const where = { topic, job, partition: levelsPartition }
    const isMark = (record: { key: Uint8Array | null }) =>
      decoder.decode(record.key ?? NONE) === key
    const record = await lastRecord(this.#cluster, where, isMark)
    if (record === undefined) return undefined
    const value = decoder.decode(record.value ?? NONE)
    const found = readLevelRecord({ key, value })
    if (found !== undefined && 'mark' in found) return { mark: found.mark, offset: record.offset }
    throw lostLevels(topic, `holds no mark at offset ${record.offset} of ${levelsPartition}`)
  }
}

const decoder = new TextDecoder()
const NONE = new Uint8Array()

function lostLevels(topic: string, what: string): DepthlineError {
  const group = topic.replace(/levels$/, '')
  const advice = `stop all shards and mergers, delete ${group}levels and ${group}shards, and start them again: the shards publish their books anew`
  return new DepthlineError('LOG_LOST', `topic ${topic} ${what}; ${advice}`)
}

class KafkaShardTransactor {
  readonly #producer: TransactionalProducer
  readonly #place: Place
  readonly #progress: ProgressTopic<Progress>
  readonly #written: Written

  constructor(
    producer: TransactionalProducer,
    place: Place,
    progressTopic: ProgressTopic<Progress>,
    written: Written,
  ) {
    this.#producer = producer
    this.#place = place
    this.#progress = progressTopic
    this.#written = written
  }

  /** @throws DepthlineError DEAD_LETTER_TOO_LARGE, RECORD_TOO_LARGE, LOG_LOST, or a retriable one in doubt */
  async commit(writes: Writes, isTooLate: () => boolean): Promise<boolean> {
    const { levels, mark, deadLetters, progress } = writes
    const { levels: topic, levelsPartition, partition } = this.#place
    const letters = deadLetters.map(deadLetterMessage)
    const sends = [...inSends(this.#place.deadLetters, letters, 'DEAD_LETTER_TOO_LARGE')]
    const records = [...levels]
    if (mark !== undefined) {
      const { owner, sequence, version } = progress
      // Sends go one after another, so the mark lies behind all levels.
      const { after } = this.#written
      records.push(markRecord(partition, { ...mark, after, owner, sequence, version }))
    }
    const messages = records.map((record) => ({ ...record, partition: levelsPartition }))
    sends.push(...inSends(topic, messages, 'RECORD_TOO_LARGE'))
    const last = this.#progress.messages(progress)
    sends.push({ topicMessages: [last], tooLarge: 'RECORD_TOO_LARGE' })
    try {
      const isCommitted = await this.#producer.commit(sends, isTooLate)
      if (isCommitted && mark !== undefined) this.#noteOffset()
      return isCommitted
    } catch (error) {
      throw kafkaError(error, 'commit')
    }
  }

  /** A topic that was made anew while the shard runs begins at 0 again, without the levels of before. */
  #noteOffset(): void {
    const { levels: topic, levelsPartition } = this.#place
    const offset = this.#producer.lastOffset(topic, levelsPartition) ?? 0
    if (offset < this.#written.after) throw lostLevels(topic, 'was made anew')
    this.#written.after = offset
  }

  discard(): Promise<void> {
    return this.#producer.discard()
  }
}
