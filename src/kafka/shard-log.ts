/** A shard's levels, dead letters and progress as Kafka transactions. */
import type { LevelRecord, Mark } from '../wire/level-record.js'
import { markRecord } from '../wire/level-record.js'
import { type Ownership, type Progress, readProgress, writeProgress } from '../wire/progress.js'
import type { DeadLetter } from '../wire/records.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { openProgressTopic, ProgressTopic } from './progress-topic.js'
import { deadLetterMessage, inSends } from './sends.js'
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
  readonly mark: Omit<Mark, keyof Ownership> | undefined
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

class KafkaShardLog {
  readonly #cluster: Cluster
  readonly #place: Place
  readonly #topics: ProgressTopics

  constructor(cluster: Cluster, place: Place, topics: ProgressTopics) {
    this.#cluster = cluster
    this.#place = place
    this.#topics = topics
  }

  /** @throws DepthlineError KAFKA_UNREACHABLE or KAFKA_FAILED, retriable */
  async fence(): Promise<KafkaShardTransactor> {
    const id = transactionalId(this.#place.name)
    const producer = await TransactionalProducer.fence(this.#cluster, id)
    return new KafkaShardTransactor(producer, this.#place, this.#topics.progress)
  }

  readProgress(): Promise<Progress | undefined> {
    return this.#topics.progress.read()
  }

  readJobProgress(): Promise<Progress | undefined> {
    return this.#topics.whole.read()
  }
}

class KafkaShardTransactor {
  readonly #producer: TransactionalProducer
  readonly #place: Place
  readonly #progress: ProgressTopic<Progress>

  constructor(
    producer: TransactionalProducer,
    place: Place,
    progressTopic: ProgressTopic<Progress>,
  ) {
    this.#producer = producer
    this.#place = place
    this.#progress = progressTopic
  }

  /** @throws DepthlineError DEAD_LETTER_TOO_LARGE, RECORD_TOO_LARGE, or a retriable one in doubt */
  async commit(writes: Writes, isTooLate: () => boolean): Promise<boolean> {
    const { levels, mark, deadLetters, progress } = writes
    const { levels: topic, levelsPartition, partition } = this.#place
    const letters = deadLetters.map(deadLetterMessage)
    const sends = [...inSends(this.#place.deadLetters, letters, 'DEAD_LETTER_TOO_LARGE')]
    const records = [...levels]
    if (mark !== undefined) {
      const { owner, sequence, version } = progress
      // Sends go one after another, so the mark lies behind all levels.
      records.push(markRecord(partition, { ...mark, owner, sequence, version }))
    }
    const messages = records.map((record) => ({ ...record, partition: levelsPartition }))
    sends.push(...inSends(topic, messages, 'RECORD_TOO_LARGE'))
    const last = this.#progress.messages(progress)
    sends.push({ topicMessages: [last], tooLarge: 'RECORD_TOO_LARGE' })
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
