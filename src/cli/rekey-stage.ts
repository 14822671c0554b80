/** `run --rekey`: the stage before the books, joined to Kafka. */
import type { Log } from '../jobs/ports.js'
import { rekey } from '../jobs/rekey.js'
import type { Cluster } from '../kafka/client.js'
import { KafkaOrderSource } from '../kafka/order-source.js'
import { openRekeyLog } from '../kafka/rekey-log.js'
import { byIdTopic, ensureTopics, inputTopic, progressTopic, topicRanges } from '../kafka/topics.js'
import { rekeyTopics } from './own-topics.js'
import { systemClock } from './process.js'
import { version } from './version.js'

/**
 * Makes the topics that are missing, the one by id with as many partitions as the input has.
 *
 * @returns the stage; it fences whoever else runs it
 * @throws DepthlineError TOPIC_MISSING
 */
export async function openRekeyStage(
  cluster: Cluster,
  options: { input: string; job: string; owner: string; createTopics: boolean },
  log: Log,
): Promise<(signal: AbortSignal) => Promise<void>> {
  const { input, owner, createTopics } = options
  const { byId, progress } = rekeyTopics(options)
  await ensureTopics(cluster, [inputTopic(input)], createTopics)
  const { length: partitions } = await topicRanges(cluster, input)
  const written = [byIdTopic(byId, partitions), progressTopic(progress)]
  await ensureTopics(cluster, written, createTopics)
  const job = `${options.job}.rekey`
  // A thread of its own would not carry the headers over.
  const source = new KafkaOrderSource(cluster, { topic: input, job, threads: [] })
  const transactions = await openRekeyLog(cluster, { input, output: byId, progress, job })
  const ports = { source, transactions, clock: systemClock, log }
  return (signal) => rekey(ports, { job, owner, version, random: Math.random }, signal)
}
