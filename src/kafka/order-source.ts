/** The input topic as `run` sees it: every partition from its first record. */
import { DepthlineError } from '../errors.js'
import type { RecordBatch } from '../wire/records.js'
import type { Cluster } from './client.js'
import { PartitionConsumer } from './partition-consumer.js'
import { topicRanges } from './topics.js'

/**
 * @param job begins the name of the consumer's own group
 * @throws DepthlineError TOPIC_MISSING, or LOG_LOST where the topic no longer starts at offset 0
 */
export async function openOrderSource(
  cluster: Cluster,
  { topic, job }: { topic: string; job: string },
) {
  const ranges = await topicRanges(cluster, topic)
  for (const [partition, { low }] of ranges.entries()) {
    if (low === 0) continue
    throw new DepthlineError(
      'LOG_LOST',
      `${topic}[${partition}] starts at offset ${low}: the orders before it are gone, and a book without them would be wrong; raise the topic's retention and start with a whole log`,
    )
  }
  const positions = ranges.map(() => 0)
  let consumer: PartitionConsumer | undefined
  return {
    topic,
    partitions: ranges.length,
    async ends() {
      const now = await topicRanges(cluster, topic)
      return now.map(({ high }) => high)
    },
    consume(handle: (batch: RecordBatch) => Promise<void>) {
      consumer = new PartitionConsumer(cluster, { topic, job, positions, handle })
      return consumer.run()
    },
    async stop() {
      await consumer?.stop()
    },
  }
}
