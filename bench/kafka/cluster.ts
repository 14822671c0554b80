/** The broker that a benchmark runs against: its own, compiled as a lasting one is, or that in KAFKA_BROKERS. */
import { Kafka, logLevel } from 'kafkajs'
import { startBroker } from '../../src/testing/broker.js'
import { brokerPid } from './processes.js'

const LARGE = String(8 * 1024 * 1024)

export interface BenchCluster {
  readonly brokers: string
  readonly kafka: Kafka
  /** Undefined where the broker is not on this machine, or in a container. */
  readonly pid: number | undefined
  makeTopic(topic: string, partitions: number): Promise<void>
  stop(): Promise<void>
}

export async function startCluster(): Promise<BenchCluster> {
  const broker = await startBroker({
    settings: { 'message.max.bytes': LARGE, 'replica.fetch.max.bytes': LARGE },
    jvmFlags: ['-Xms512m', '-Xmx1g'],
  })
  const { brokers } = broker
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const makeTopic = async (topic: string, partitions: number) => {
    const admin = kafka.admin()
    await admin.connect()
    const configEntries = [{ name: 'max.message.bytes', value: LARGE }]
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, configEntries }],
      waitForLeaders: true,
    })
    await admin.disconnect()
  }
  return { brokers, kafka, pid: brokerPid(brokers), makeTopic, stop: () => broker.stop() }
}
