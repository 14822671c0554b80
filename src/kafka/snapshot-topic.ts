/** Snapshots of one job in a Kafka topic, for hosts that lose their disks. */
import { randomUUID } from 'node:crypto'
import { DepthlineError } from '../errors.js'
import type { PartitionRange } from '../wire/records.js'
import type { Cluster } from './client.js'
import { RecordSender } from './record-sender.js'
import { lastRecord, lastRecords, readTopic, type TopicRecord } from './topic-reader.js'
import { assertOnePartition, topicRanges } from './topics.js'

/** A record each; well below any limit on messages. */
const PART_BYTES = 512 * 1024
const GENERATIONS = 2

/** The key of a record, as JSON. The last one of a snapshot, which has no value, tells of the whole. */
interface PartKey {
  readonly job: string
  /** Of the snapshot. */
  readonly id: string
  /** Counts from 0. */
  readonly part: number
  /** Only in the last record: where the first one lies, and the tick. */
  readonly first?: number
  readonly tick?: number
}

/**
 * @throws DepthlineError USAGE where the topic is not for the snapshots of this job alone: what is
 * old is deleted from it
 */
export async function openSnapshotTopic(
  cluster: Cluster,
  topic: string,
  job: string,
): Promise<SnapshotTopic> {
  const ranges = await topicRanges(cluster, topic)
  assertOnePartition(topic, ranges)
  const [{ low, high }] = ranges as [PartitionRange]
  const read = { topic, job: `${job}.snapshot`, from: [low], follow: false }
  const { signal } = new AbortController()
  const ends = [await lastRecord(cluster, read)]
  for await (const records of low === high ? [] : readTopic(cluster, { ...read, signal })) {
    ends.push(records[0])
    break
  }
  const foreign = ends.find((record) => record !== undefined && keyOf(record)?.job !== job)
  if (foreign === undefined) return new SnapshotTopic(cluster, topic, job)
  throw new DepthlineError(
    'USAGE',
    `topic ${topic} holds something else than snapshots of job ${job}, at offset ${foreign.offset}: --snapshot-topic needs a topic of its own`,
  )
}

/** A topic holds the snapshots of one job: what is older than the two newest is deleted from it. */
class SnapshotTopic {
  readonly name: string
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #job: string

  constructor(cluster: Cluster, topic: string, job: string) {
    this.name = `topic ${topic}`
    this.#cluster = cluster
    this.#topic = topic
    this.#job = job
  }

  async list() {
    const from = { topic: this.#topic, job: `${this.#job}.snapshot` }
    const ends = await lastRecords(this.#cluster, from, GENERATIONS, (record) => {
      const key = keyOf(record)
      return key?.job === this.#job && Number.isSafeInteger(key.tick) && isOffset(key.first)
    })
    return ends.reverse().map((record) => {
      const key = keyOf(record)!
      const { tick = 0 } = key
      const name = `${this.#topic}[0] at offset ${record.offset}`
      return { tick, name, first: key.first ?? 0, read: () => this.#read(key) }
    })
  }

  async create(): Promise<SnapshotTopicDraft> {
    const [range] = await topicRanges(this.#cluster, this.#topic)
    const sender = new RecordSender(this.#cluster, this.#topic)
    const start = { job: this.#job, first: range?.high ?? 0 }
    return new SnapshotTopicDraft(sender, start, () => this.#deleteOld())
  }

  async *#read(last: PartKey): AsyncGenerator<Uint8Array> {
    const { signal } = new AbortController()
    const from = [last.first ?? 0]
    const read = { topic: this.#topic, job: `${this.#job}.snapshot`, from, follow: false, signal }
    let next = 0
    for await (const records of readTopic(this.#cluster, read)) {
      for (const record of records) {
        const key = keyOf(record)
        // A part whose answer was lost may have been sent twice.
        if (key?.id !== last.id || key.part !== next) continue
        if (next === last.part) return
        next++
        if (record.value !== null) yield record.value
      }
    }
  }

  async #deleteOld(): Promise<void> {
    const kept = await this.list()
    const oldest = kept.at(-1)
    if (oldest === undefined || kept.length < GENERATIONS) return
    const records = {
      topic: this.#topic,
      partitions: [{ partition: 0, offset: `${oldest.first}` }],
    }
    await this.#cluster.admin.ask('deleting old snapshots', async (admin) => {
      // KafkaJS deletes only over a connection that has asked about the topic before.
      await admin.fetchTopicOffsets(this.#topic)
      await admin.deleteTopicRecords(records)
    })
  }
}

class SnapshotTopicDraft {
  readonly #sender: RecordSender
  readonly #start: { readonly job: string; readonly first: number }
  readonly #deleteOld: () => Promise<void>
  readonly #id = randomUUID()
  #part = 0
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  constructor(
    sender: RecordSender,
    start: { job: string; first: number },
    deleteOld: () => Promise<void>,
  ) {
    this.#sender = sender
    this.#start = start
    this.#deleteOld = deleteOld
  }

  /** @throws DepthlineError KAFKA_FAILED, KAFKA_UNREACHABLE */
  async write(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes >= PART_BYTES) await this.#flush()
  }

  /** @throws DepthlineError KAFKA_FAILED, KAFKA_UNREACHABLE */
  async publish(tick: number): Promise<void> {
    await this.#flush()
    await this.#send({ ...this.#start, id: this.#id, part: this.#part, tick }, null)
    await this.discard()
    await this.#deleteOld()
  }

  async discard(): Promise<void> {
    await this.#sender.close()
  }

  async #flush(): Promise<void> {
    const value = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    await this.#send({ job: this.#start.job, id: this.#id, part: this.#part++ }, value)
  }

  async #send(key: PartKey, value: Uint8Array | null): Promise<void> {
    await this.#sender.send([{ key: JSON.stringify(key), value }])
  }
}

function isOffset(first: number | undefined): boolean {
  return first !== undefined && Number.isSafeInteger(first) && first >= 0
}

function keyOf({ key }: TopicRecord): PartKey | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(key ?? undefined))
  } catch {
    return undefined
  }
}
