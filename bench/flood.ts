/** A topic of a million broken records: drained by `run` while ticks go on, each dead-lettered once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Consumer, Kafka, logLevel, Partitioners } from 'kafkajs'
import { startBroker } from '../src/testing/broker.js'
import { report } from './report.js'

const COUNT = 1_000_000
const BATCH = 5_000
const PARTITIONS = 4

const broker = await startBroker()
const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING })
const name = `flood-${Date.now()}`
const topics = { input: `${name}-in`, output: `${name}-out`, deadLetters: `${name}-dead` }
await fill()

const started = performance.now()
const flags = [
  '--input',
  topics.input,
  '--output',
  topics.output,
  '--dead-letters',
  topics.deadLetters,
]
const env = { ...process.env, KAFKA_BROKERS: broker.brokers, LOG_LEVEL: 'warn' }
const job = spawn(process.execPath, ['dist/cli.js', 'run', ...flags], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
})
let peakMb = 0
const sampler = setInterval(() => {
  peakMb = Math.max(peakMb, residentMb(job.pid ?? 0))
}, 200)
const places = await deadLetterPlaces()
const seconds = (performance.now() - started) / 1000
clearInterval(sampler)
await sleep(1500)
job.kill('SIGINT')
const [summary] = await once(job.stdout, 'data')
const { ticks, missed, records, rejected } = JSON.parse(String(summary))
report(
  'flood',
  `${COUNT} broken records of 20 bytes in ${PARTITIONS} partitions, run from its start`,
  {
    records,
    rejected,
    deadLetters: places.total,
    differentPlaces: places.different,
    drainSeconds: Math.round(seconds * 10) / 10,
    ticks,
    missed,
    peakMb,
  },
)
await broker.stop()
process.exit()

async function fill(): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: [
      { topic: topics.input, numPartitions: PARTITIONS },
      { topic: topics.deadLetters, numPartitions: 1 },
    ],
    waitForLeaders: true,
  })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let sent = 0; sent < COUNT; sent += BATCH) {
    const messages = Array.from({ length: BATCH }, () => ({ value: '{"order_id": broken}' }))
    await producer.send({ topic: topics.input, messages })
  }
  await producer.disconnect()
}

/** Reads the dead letters until there is one for every record. */
async function deadLetterPlaces(): Promise<{ total: number; different: number }> {
  const consumer: Consumer = kafka.consumer({ groupId: name })
  const places = new Set<string>()
  let total = 0
  await consumer.connect()
  await consumer.subscribe({ topics: [topics.deadLetters], fromBeginning: true })
  await new Promise<void>((resolve) => {
    consumer.run({
      async eachBatch({ batch }) {
        for (const { headers = {} } of batch.messages) {
          places.add(`${headers.partition}:${headers.offset}`)
          total++
        }
        if (total >= COUNT) resolve()
      },
    })
  })
  await consumer.disconnect()
  return { total, different: places.size }
}

/** Linux only, as the benchmark machine is. */
function residentMb(pid: number): number {
  const [, kilobytes = '0'] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
