/** Topics: made where they are missing, checked where they are there. */
import { DepthlineError } from '../errors.js'
import type { PartitionRange } from '../wire/records.js'
import type { Cluster } from './client.js'

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  /** Topic settings, such as `max.message.bytes`. */
  readonly config?: Readonly<Record<string, string>>
}

const CREATE_LIMIT_MS = 15_000
const LEADER_ATTEMPTS = 150
const LEADER_RETRY_MS = 20

/** 16 MB: what ticks and dead letters may take, where Kafka's default is 1 MB. */
export const LARGE_MESSAGES = { 'max.message.bytes': String(16 * 1024 * 1024) }

/** Orders stay until they are closed, however long that takes, so nothing is deleted by its age. */
export function inputTopic(topic: string): TopicSpec {
  const config = { 'retention.ms': '-1', 'retention.bytes': '-1' }
  return { topic, partitions: 4, config }
}

/** Of `--rekey`: all that the input holds, with its times whatever they are, and one header more. */
export function byIdTopic(topic: string, partitions: number): TopicSpec {
  const { config } = inputTopic(topic)
  const anyTime = { 'message.timestamp.after.max.ms': '9223372036854775807' }
  return { topic, partitions, config: { ...config, ...LARGE_MESSAGES, ...anyTime } }
}

export function outputTopic(topic: string): TopicSpec {
  return { topic, partitions: 1, config: LARGE_MESSAGES }
}

/** Only the newest record counts; short segments keep the log that a start may read small. */
export function progressTopic(topic: string): TopicSpec {
  const config = { 'cleanup.policy': 'compact', 'segment.ms': String(10 * 60_000) }
  return { topic, partitions: 1, config }
}

/** A record for each level of a shard. So long a merger that has fallen behind finds all of them. */
export const LEVELS_LAG_MS = 5 * 60_000

/** What the shards of an input with so many partitions publish; only the newest of each level counts. */
export function levelsTopic(topic: string, partitions: number): TopicSpec {
  const { config } = progressTopic(topic)
  const lag = { 'min.compaction.lag.ms': String(LEVELS_LAG_MS) }
  return { topic, partitions, config: { ...config, ...lag } }
}

/** How far each shard is, in the partition of its number. */
export function shardsTopic(topic: string, partitions: number): TopicSpec {
  return { ...progressTopic(topic), partitions }
}

/** Only the newest ladder of each symbol counts; one partition, so that what a tick changed lies together. */
export function ladderTopic(topic: string): TopicSpec {
  const { config } = progressTopic(topic)
  return { topic, partitions: 1, config: { ...config, ...LARGE_MESSAGES } }
}

/** Of poll and analyse: raw bodies are above Kafka's default limit, and a week is kept to catch up from. */
export function roundTopic(topic: string): TopicSpec {
  const config = { ...LARGE_MESSAGES, 'retention.ms': String(7 * 24 * 3_600_000) }
  return { topic, partitions: 1, config }
}

/** Two generations are kept; what is above them is deleted, not compacted away. */
export function snapshotTopic(topic: string): TopicSpec {
  return { topic, partitions: 1, config: { 'retention.ms': '-1', ...LARGE_MESSAGES } }
}

/**
 * Makes the topics that are missing.
 *
 * @throws DepthlineError TOPIC_MISSING where one is and `mayCreate` is false
 */
export async function ensureTopics(
  { admin, log }: Cluster,
  specs: readonly TopicSpec[],
  mayCreate: boolean,
): Promise<void> {
  const existing = new Set(await admin.ask('listing topics', (kafka) => kafka.listTopics()))
  const missing = specs.filter(({ topic }) => !existing.has(topic))
  if (missing.length === 0) return
  const names = missing.map(({ topic }) => topic).join(', ')
  if (!mayCreate) {
    throw new DepthlineError(
      'TOPIC_MISSING',
      `no topic ${names}: make it, or leave out --no-create-topics`,
    )
  }
  const topics = missing.map(({ topic, partitions, config = {} }) => ({
    topic,
    numPartitions: partitions,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }))
  await admin.ask(
    `making topics ${names}, which are not there or which this user may not see`,
    // KafkaJS would wait for 100 ms before it looks for leaders at all; who asks, asks again.
    (kafka) => kafka.createTopics({ topics, waitForLeaders: false }),
    CREATE_LIMIT_MS,
  )
  const made = missing.map(({ topic }) => topic)
  // KafkaJS answers false at once, not an error, where another process made one of them just now.
  await whenListed(admin, made)
  log.info({ topics: made }, 'made topics')
}

/** Topics that were made just now may not be known to every broker, or to this one, yet. */
async function whenListed(admin: Cluster['admin'], made: readonly string[]): Promise<void> {
  for (let attempt = 1; attempt < LEADER_ATTEMPTS; attempt++) {
    const topics = await admin.ask('listing topics', (kafka) => kafka.listTopics())
    if (made.every((topic) => topics.includes(topic))) return
    await new Promise((resolve) => setTimeout(resolve, LEADER_RETRY_MS))
  }
}

/**
 * The offsets that each partition of a topic holds, by partition number.
 *
 * @throws DepthlineError TOPIC_MISSING
 */
export async function topicRanges(
  { admin, settings }: Cluster,
  topic: string,
): Promise<PartitionRange[]> {
  const topics = await admin.ask('listing topics', (kafka) => kafka.listTopics())
  if (!topics.includes(topic)) {
    // Kafka shows nobody a topic that they may not describe.
    const unseen = settings.sasl === undefined ? '' : ', or none that this user may see (Describe)'
    throw new DepthlineError('TOPIC_MISSING', `no topic ${topic}${unseen}`)
  }
  const ranges: PartitionRange[] = []
  const offsets = await whenLed(() => {
    return admin.ask(`reading the offsets of ${topic}`, (kafka) => kafka.fetchTopicOffsets(topic))
  })
  for (const { partition, low, high } of offsets) {
    ranges[partition] = { low: Number(low), high: Number(high) }
  }
  return ranges
}

/** Milliseconds since 1970 → the first offset of each partition at or after it. */
export async function offsetsAt(
  { admin }: Cluster,
  topic: string,
  timestampMs: number,
): Promise<number[]> {
  const found = await admin.ask(`reading the offsets of ${topic}`, (kafka) =>
    kafka.fetchTopicOffsetsByTimestamp(topic, timestampMs),
  )
  const offsets: number[] = []
  for (const { partition, offset } of found) {
    offsets[partition] = Number(offset)
  }
  return offsets
}

/** A topic that somebody else makes at this moment has no leaders yet. */
async function whenLed<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      const isSettling = /not the leader|no leader|leadership election|does not host/i.test(
        String(error),
      )
      if (!isSettling || attempt === LEADER_ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, LEADER_RETRY_MS))
    }
  }
}

/** Refuses a topic of several partitions where messages must keep one order. */
export function assertOnePartition(topic: string, ranges: readonly PartitionRange[]): void {
  if (ranges.length === 1) return
  throw new DepthlineError(
    'USAGE',
    `topic ${topic} has ${ranges.length} partitions and must have 1, for what is in it comes in one order`,
  )
}
