/** The client's own ceiling: a read_committed consumer that looks at nothing; plain JavaScript, so that nothing is compiled first. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { AssignerProtocol, Kafka, logLevel } from 'kafkajs'

const { BROKERS, IN, COUNT, THREADS = '1' } = process.env

if (isMainThread) await main()
else await consume(workerData, (read) => parentPort.postMessage(read))

/** Prints when the first records came and when the last, in epoch ms, and ends. */
async function main() {
  const threads = Number(THREADS)
  let first
  let total = 0
  const count = (read) => {
    const now = Date.now()
    if (first === undefined) {
      first = read
      console.log(`FIRST_RECORD ${now} of ${read}`)
    }
    total += read
    if (total < Number(COUNT)) return
    console.log(`DONE ${now}`)
    process.exit()
  }
  if (threads === 1) return consume({ shard: 0, shards: 1 }, count)
  for (let shard = 0; shard < threads; shard++) {
    const workerData = { shard, shards: threads }
    new Worker(new URL(import.meta.url), { workerData }).on('message', count)
  }
}

/** Reads the partitions of one shard; `count` gets how many records a batch had. */
async function consume({ shard, shards }, count) {
  const kafka = new Kafka({ brokers: [BROKERS], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({
    groupId: `bare-${process.pid}-${shard}-${Date.now()}`,
    // As src/kafka/partition-consumer.ts reads.
    maxBytesPerPartition: 1024 * 1024,
    maxWaitTimeInMs: 100,
    sessionTimeout: 30_000,
    partitionAssigners: [pinned(shard, shards)],
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [IN], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch }) => count(batch.messages.length),
  })
}

/** A group of one member that takes only every so-manieth partition: KafkaJS has no assign(). */
function pinned(shard, shards) {
  return ({ cluster }) => ({
    name: 'pinned',
    version: 0,
    async assign({ members }) {
      const partitions = cluster
        .findTopicPartitionMetadata(IN)
        .map(({ partitionId }) => partitionId)
        .filter((partition) => partition % shards === shard)
      const assignment = { version: 0, assignment: { [IN]: partitions } }
      return members.map(({ memberId }) => {
        return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode(assignment) }
      })
    },
    protocol({ topics }) {
      const metadata = AssignerProtocol.MemberMetadata.encode({ version: 0, topics })
      return { name: 'pinned', metadata }
    },
  })
}
