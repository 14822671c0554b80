/** Three brokers on loopback, each a process that can be killed: replication 3, two copies in sync for every write. */
import type { Kafka } from 'kafkajs'
import { prepareBroker } from './broker.js'
import { freePorts } from './child-server.js'
import { plainKafka } from './plain-topic.js'
import type { TestBroker } from './test-broker.js'

const COPIES = 3
const JVM_FLAGS = ['-Xms128m', '-Xmx256m']
/** Several, so that the brokers share the coordinators. */
const INTERNAL_PARTITIONS = '6'
const LOOK_MS = 250

export interface BrokerCluster {
  readonly brokers: string
  /** By node id, from 1. */
  readonly nodes: ReadonlyMap<number, TestBroker>
  /** The node that coordinates a group, or a transactional id. */
  coordinator(kind: 'group' | 'transaction', id: string): Promise<number>
  /** The node that leads a partition. */
  leader(topic: string, partition: number): Promise<number>
  /** Resolves when each partition has all its copies again. */
  whole(): Promise<void>
  stop(): Promise<void>
}

/** @param settings on top of those of a cluster */
export async function startBrokerCluster(
  settings: Readonly<Record<string, string>> = {},
): Promise<BrokerCluster> {
  const ports = await Promise.all(Array.from({ length: COPIES }, () => freePorts(2)))
  const voters = ports.map(([, controller], index) => `${index + 1}@127.0.0.1:${controller}`)
  const nodes = new Map<number, TestBroker>()
  try {
    for (const [index, own] of ports.entries()) {
      const nodeSettings = { ...settingsOf(index + 1, voters.join()), ...settings }
      const options = { settings: nodeSettings, jvmFlags: JVM_FLAGS, ports: own }
      nodes.set(index + 1, await prepareBroker(options))
    }
    // None is ready before most of them run.
    await Promise.all([...nodes.values()].map((node) => node.restart()))
  } catch (error) {
    await Promise.all([...nodes.values()].map((node) => node.stop()))
    throw error
  }
  return new Cluster(nodes)
}

function settingsOf(node: number, voters: string): Record<string, string> {
  return {
    'node.id': String(node),
    'controller.quorum.voters': voters,
    'default.replication.factor': String(COPIES),
    'min.insync.replicas': '2',
    'offsets.topic.replication.factor': String(COPIES),
    'offsets.topic.num.partitions': INTERNAL_PARTITIONS,
    'transaction.state.log.replication.factor': String(COPIES),
    'transaction.state.log.min.isr': '2',
    'transaction.state.log.num.partitions': INTERNAL_PARTITIONS,
    // Kafka's own: a broker that is killed is noticed after so long.
    'broker.session.timeout.ms': '9000',
    'broker.heartbeat.interval.ms': '2000',
  }
}

class Cluster implements BrokerCluster {
  readonly nodes: ReadonlyMap<number, TestBroker>
  readonly brokers: string
  readonly #kafka: Kafka

  constructor(nodes: ReadonlyMap<number, TestBroker>) {
    this.nodes = nodes
    this.brokers = [...nodes.values()].map(({ brokers }) => brokers).join()
    this.#kafka = plainKafka(this.brokers)
  }

  coordinator(kind: 'group' | 'transaction', id: string): Promise<number> {
    const topic = kind === 'group' ? '__consumer_offsets' : '__transaction_state'
    return this.leader(topic, partitionOfId(id))
  }

  async leader(topic: string, partition: number): Promise<number> {
    const [found] = await this.#partitions([topic])
    return found!.partitions.find(({ partitionId }) => partitionId === partition)!.leader
  }

  async whole(): Promise<void> {
    for (;;) {
      // A cluster that is settling answers with errors.
      const topics = await this.#partitions().catch(() => [])
      const partitions = topics.flatMap((topic) => topic.partitions)
      if (partitions.length > 0 && partitions.every(({ isr }) => isr.length === COPIES)) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.kill()))
    await Promise.all([...this.nodes.values()].map((node) => node.stop()))
  }

  async #partitions(topics?: string[]) {
    const admin = this.#kafka.admin()
    try {
      await admin.connect()
      const asked = topics === undefined ? {} : { topics }
      return (await admin.fetchTopicMetadata(asked as { topics: string[] })).topics
    } finally {
      await admin.disconnect()
    }
  }
}

/** As brokers choose it: Java's hash of the text. */
function partitionOfId(id: string): number {
  let hash = 0
  for (const char of id) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0
  return (hash & 0x7fffffff) % Number(INTERNAL_PARTITIONS)
}
