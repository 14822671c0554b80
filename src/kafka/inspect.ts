/** What `doctor` asks of a Kafka cluster: settings, sizes and the time it has. */
import { randomUUID } from 'node:crypto'
import kafkajs, { Partitioners } from 'kafkajs'
import type { PartitionRange } from '../wire/records.js'
import type { Cluster } from './client.js'
import { kafkaError, quietly, within } from './failures.js'
import { topicRanges } from './topics.js'

const CALL_LIMIT_MS = 10_000

export interface TopicFacts {
  readonly ranges: readonly PartitionRange[]
  /** Kafka's names and values, such as `cleanup.policy`: `delete`. */
  readonly config: Readonly<Record<string, string>>
}

export interface ClusterFacts {
  readonly clusterId: string
  readonly brokers: number
  /** Settings of one of the brokers. */
  readonly config: Readonly<Record<string, string>>
}

/** KafkaJS gives Node no such named export, only its types. */
const { ConfigResourceTypes } = kafkajs
type ConfigResourceType = (typeof ConfigResourceTypes)[keyof typeof ConfigResourceTypes]

/** @throws what KafkaJS throws, or DepthlineError KAFKA_UNREACHABLE */
export async function inspectCluster({ admin }: Cluster): Promise<ClusterFacts> {
  const described = await admin.ask('describing the cluster', (kafka) => kafka.describeCluster())
  const { brokers, clusterId } = described
  const name = String(brokers[0]?.nodeId)
  return {
    clusterId,
    brokers: brokers.length,
    config: await configOf(admin, ConfigResourceTypes.BROKER, name),
  }
}

/** Undefined where there is no such topic. */
export async function inspectTopic(
  cluster: Cluster,
  topic: string,
): Promise<TopicFacts | undefined> {
  const topics = await cluster.admin.ask('listing topics', (kafka) => kafka.listTopics())
  if (!topics.includes(topic)) return undefined
  const config = await configOf(cluster.admin, ConfigResourceTypes.TOPIC, topic)
  return { ranges: await topicRanges(cluster, topic), config }
}

/**
 * How far the broker's clock is ahead of ours, in ms, within the time that a request takes.
 * It makes a topic in which the broker stamps records itself, and deletes it again.
 */
export async function brokerClockAhead({ kafka, admin }: Cluster): Promise<number> {
  const topic = `depthline-doctor-${randomUUID()}`
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  const topics = [{ topic, numPartitions: 1, configEntries }]
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await admin.ask('making a topic', (asked) => asked.createTopics({ topics, waitForLeaders: true }))
  try {
    await within(CALL_LIMIT_MS, producer.connect(), 'connecting a producer')
    const send = () => producer.send({ topic, acks: -1, messages: [{ value: 'what time is it?' }] })
    // The first one pays for what is not yet known of the topic.
    await within(CALL_LIMIT_MS, send(), 'sending')
    const asked = Date.now()
    const [answer] = await within(CALL_LIMIT_MS, send(), 'sending')
    return Number(answer?.logAppendTime) - (asked + Date.now()) / 2
  } catch (error) {
    throw kafkaError(error, `sending to ${topic}`)
  } finally {
    await quietly(producer.disconnect())
    await admin.ask('deleting a topic', (asked) => asked.deleteTopics({ topics: [topic] }))
  }
}

async function configOf(
  admin: Cluster['admin'],
  type: ConfigResourceType,
  name: string,
): Promise<Record<string, string>> {
  const { resources } = await admin.ask(`reading the settings of ${name}`, (kafka) =>
    kafka.describeConfigs({ resources: [{ type, name }], includeSynonyms: false }),
  )
  const entries = resources[0]?.configEntries ?? []
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
}
