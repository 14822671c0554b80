/** `run --role shard` and `run --role merge`: wires the two halves of the job to Kafka. */
import { randomInt, randomUUID } from 'node:crypto'
import { snapshotFolder } from '../config.js'
import { merge } from '../jobs/merge.js'
import type { Log, SnapshotStore } from '../jobs/ports.js'
import { runShards } from '../jobs/shards.js'
import type { Cluster } from '../kafka/client.js'
import { KafkaLadderTopic } from '../kafka/ladder-topic.js'
import { openLogReader } from '../kafka/log-reader.js'
import { KafkaOrderSource } from '../kafka/order-source.js'
import { KafkaShardGroup } from '../kafka/shard-group.js'
import { openShardLog } from '../kafka/shard-log.js'
import { openSnapshotTopic } from '../kafka/snapshot-topic.js'
import {
  ensureTopics,
  inputTopic,
  LEVELS_LAG_MS,
  ladderTopic,
  levelsTopic,
  outputTopic,
  progressTopic,
  shardsTopic,
  snapshotTopic,
  topicRanges,
} from '../kafka/topics.js'
import { openTransactionLog } from '../kafka/transaction-log.js'
import { openSnapshotFiles } from '../storage/snapshot-files.js'
import type { runHealth } from './job-health.js'
import { bySymbolTopic, topicsBetween } from './own-topics.js'
import { systemClock } from './process.js'
import type { RoleFlags } from './role-flags.js'
import { stopSignal } from './stop-signal.js'
import { openTickEncoder } from './tick-values.js'
import { version } from './version.js'

/** What a role needs of the process. */
export interface RoleParts {
  readonly cluster: Cluster
  readonly log: Log
  readonly health: Awaited<ReturnType<typeof runHealth>>
}

/** Makes the topics that both roles use; @returns the number of the input's partitions. */
async function prepareTopics(cluster: Cluster, flags: RoleFlags): Promise<number> {
  const { levels, shards, progress } = topicsBetween(flags.job)
  const { input, deadLetters, createTopics } = flags
  const topics = [inputTopic(input), outputTopic(deadLetters), progressTopic(progress)]
  await ensureTopics(cluster, topics, createTopics)
  const partitions = (await topicRanges(cluster, input)).length
  const between = [levelsTopic(levels, partitions), shardsTopic(shards, partitions)]
  await ensureTopics(cluster, between, createTopics)
  return partitions
}

/** @returns the summary to print */
export async function runShardRole(flags: RoleFlags, parts: RoleParts): Promise<object> {
  const { cluster, log, health } = parts
  const { job, input: topic } = flags
  const partitions = await prepareTopics(cluster, flags)
  const open = async (partition: number) => {
    const name = `${job}.shard.${partition}`
    const share = { index: partition, count: partitions }
    const transactions = { ...flags, ...topicsBetween(job), partition }
    return {
      source: new KafkaOrderSource(cluster, { topic, job: name, threads: [], share }),
      transactions: await openShardLog(cluster, transactions),
      snapshots: await openSnapshots(cluster, flags, name),
    }
  }
  const group = new KafkaShardGroup(cluster, { topic, job })
  log.info({ ...flags, partitions }, 'running')
  const monitor = health?.monitor
  return runShards(
    { group, open, clock: systemClock, log, monitor },
    { ...flags, ...identity(job), partitions, limits: flags, seed: randomInt(2 ** 31) },
    stopSignal,
  )
}

async function openSnapshots(
  cluster: Cluster,
  { snapshotTopic: copies, createTopics }: RoleFlags,
  name: string,
): Promise<SnapshotStore[]> {
  const files = openSnapshotFiles(snapshotFolder(process.env, name))
  if (copies === undefined) return [files]
  // What is old is deleted from such a topic, so each shard has one of its own.
  const topic = `${copies}${name.slice(name.lastIndexOf('.'))}`
  await ensureTopics(cluster, [snapshotTopic(topic)], createTopics)
  return [files, await openSnapshotTopic(cluster, topic, name)]
}

/** @returns the summary to print */
export async function runMergeRole(flags: RoleFlags, parts: RoleParts): Promise<object> {
  const { cluster, log, health } = parts
  const { job, output } = flags
  const encodeTick = await openTickEncoder(flags.format, output, process.env)
  const partitions = await prepareTopics(cluster, flags)
  const bySymbol = flags.bySymbol ? bySymbolTopic(output) : undefined
  const written = [outputTopic(output), ...(bySymbol === undefined ? [] : [ladderTopic(bySymbol)])]
  await ensureTopics(cluster, written, flags.createTopics)
  const { levels: topic, progress } = topicsBetween(job)
  const transactions = await openTransactionLog(cluster, {
    ...flags,
    progress,
    bySymbol,
    encodeTick,
  })
  const openLevels = () => openLogReader(cluster, { topic, job: `${job}.merge` })
  const ladders = bySymbol === undefined ? undefined : new KafkaLadderTopic(cluster, bySymbol)
  log.info({ ...flags, partitions }, 'running')
  const monitor = health?.monitor
  return merge(
    { transactions, topic, openLevels, ladders, clock: systemClock, log, monitor },
    { ...flags, ...identity(job), partitions, maxBehindMs: LEVELS_LAG_MS / 2 },
    stopSignal,
  )
}

function identity(job: string) {
  return { job, owner: randomUUID(), random: Math.random, version }
}
