/** How long after a round is complete its analytics are there, both at a read_committed consumer; with full-size bodies. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { startBroker } from '../src/testing/broker.js'
import { startSimulatedExchanges } from '../src/testing/exchanges/simulated-exchanges.js'
import { median, quantile, report } from './report.js'

const ROUNDS = 100
/** The first rounds of a process are slower: code is compiled, connections are made. */
const WARM_UP = 5
const EVERY_S = 3
const LEVELS = 40_000

const broker = await startBroker()
// Coinbase gives all its levels, 1.1 MB a book; Kraken 500 a side.
const exchanges = await startSimulatedExchanges({ levels: LEVELS })
const folder = mkdtempSync(join(tmpdir(), 'depthline-bench-'))
const topics = ['exchange-books', 'market-analytics']
const processes = [start('poll', '--every', String(EVERY_S)), start('analyse')]
try {
  const { completed, analysed, bytes } = await arrivals()
  const rounds = [...completed.keys()].filter((at) => analysed.has(at)).slice(WARM_UP)
  const lateMs = rounds.map((at) => analysed.get(at)! - completed.get(at)!)
  report(
    'exchange-latency',
    `${ROUNDS} rounds of 2 exchanges × 2 markets every ${EVERY_S} s: from the round_complete record to the last analytics record of the round, both as a consumer gets them; lake included`,
    {
      rounds: rounds.length,
      largestRecordBytes: bytes,
      lateMs: { p50: median(lateMs), p99: quantile(lateMs, 0.99), max: Math.max(...lateMs) },
    },
  )
} finally {
  for (const process of processes) {
    process.kill('SIGINT')
    await once(process, 'exit')
  }
  await exchanges.stop()
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.exit()

function start(...args: string[]) {
  const ours = { KAFKA_BROKERS: broker.brokers, DEPTHLINE_DATA: folder, LOG_LEVEL: 'warn' }
  const env = { ...process.env, ...exchanges.environment(), ...ours }
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  return spawn(process.execPath, ['dist/cli.js', ...args], { env, stdio: [...stdio] })
}

/** When the rounds' ends and their analytics came, by the start of the round. */
async function arrivals() {
  const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `latency-${Date.now()}`, maxWaitTimeInMs: 100 })
  const completed = new Map<number, number>()
  const analysed = new Map<number, number>()
  let bytes = 0
  await whenMade(kafka)
  await consumer.connect()
  await consumer.subscribe({ topics })
  await new Promise<void>((resolve) => {
    consumer.run({
      partitionsConsumedConcurrently: 2,
      async eachMessage({ topic, message: { key, value, timestamp } }) {
        bytes = Math.max(bytes, value!.length)
        const at = Number(timestamp)
        if (topic === 'market-analytics') analysed.set(at, Date.now())
        else if (String(key) === 'round') completed.set(at, Date.now())
        if (analysed.size === ROUNDS + WARM_UP + 1) resolve()
      },
    })
  })
  await consumer.disconnect()
  return { completed, analysed, bytes }
}

/** Poll and analyse make the topics. */
async function whenMade(kafka: Kafka): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  for (let made: string[] = []; !topics.every((topic) => made.includes(topic)); ) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    made = await admin.listTopics()
  }
  await admin.disconnect()
}
