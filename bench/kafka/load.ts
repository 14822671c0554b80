/** Fills a topic with the first events of the seed: two processes, each with every other partition. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel, type Message, Partitioners } from 'kafkajs'
import { orderEvents, partitionOf } from './events.js'

/** Records of one partition in a request; larger ones were no faster. */
const BATCH = 4_000
const PROCESSES = 2
const OWN_PATH = fileURLToPath(import.meta.url)

export interface Load {
  readonly brokers: string
  readonly topic: string
  readonly partitions: number
  readonly count: number
}

/** @returns how many seconds it took */
export async function load(wanted: Load): Promise<number> {
  const begun = performance.now()
  const processes = Math.min(PROCESSES, wanted.partitions)
  const loaders = Array.from({ length: processes }, (_, shard) => {
    return once(fork(OWN_PATH, [JSON.stringify({ ...wanted, shard, processes })]), 'exit')
  })
  for (const [code] of await Promise.all(loaders)) {
    if (code !== 0) throw new Error(`a loader of ${wanted.topic} ended with ${code}`)
  }
  return Math.round(performance.now() - begun) / 1000
}

async function loadShard(wanted: Load & { shard: number; processes: number }): Promise<void> {
  const { brokers, topic, partitions, count, shard, processes } = wanted
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const createPartitioner = Partitioners.DefaultPartitioner
  const producer = kafka.producer({ createPartitioner, maxInFlightRequests: 1 })
  await producer.connect()
  const next = orderEvents()
  const gathered = Array.from({ length: partitions }, (): Message[] => [])
  const send = async (partition: number) => {
    const messages = gathered[partition]!
    gathered[partition] = []
    if (messages.length > 0) await producer.send({ topic, messages, acks: 1 })
  }
  for (let event = 0; event < count; event++) {
    const { key, value } = next()
    const partition = partitionOf(key, partitions)
    if (partition % processes !== shard) continue
    const messages = gathered[partition]!
    if (messages.push({ key, value, partition }) === BATCH) await send(partition)
  }
  for (const partition of gathered.keys()) await send(partition)
  await producer.disconnect()
}

if (process.argv[1] === OWN_PATH) await loadShard(JSON.parse(process.argv[2]!))
