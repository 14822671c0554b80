/** How late each tick reaches a read_committed consumer, under the emulator's 100 events a second. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { startBroker } from '../src/testing/broker.js'
import { median, quantile, report } from './report.js'

const TICKS = 120
/** The first ticks of a process are slower: code is compiled, connections are made. */
const WARM_UP = 15

const broker = await startBroker()
const topics = { input: `orders-${Date.now()}`, output: `order-book-${Date.now()}` }
const run = start('run', '--input', topics.input, '--output', topics.output)
try {
  await sleep(3000)
  const emulate = start('emulate', '--topic', topics.input)
  const arrivals = await arrivalsOf(topics.output, TICKS + WARM_UP)
  emulate.kill('SIGINT')
  const measured = arrivals.slice(WARM_UP)
  const late = measured.map(({ tick, arrivedMs }) => arrivedMs - tick * 1000)
  const ticks = measured.map(({ tick }) => tick)
  report('tick-latency', `arrival of each of ${TICKS} ticks at a consumer, 100 events/s`, {
    ticks: TICKS,
    consecutive: ticks.every((tick, index) => index === 0 || tick === ticks[index - 1]! + 1),
    lateMs: { p50: median(late), p99: quantile(late, 0.99), max: Math.max(...late) },
  })
} finally {
  run.kill('SIGINT')
  await once(run, 'exit')
  await broker.stop()
}
process.exit()

function start(...args: string[]) {
  const env = { ...process.env, KAFKA_BROKERS: broker.brokers, LOG_LEVEL: 'warn' }
  return spawn(process.execPath, ['dist/cli.js', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function arrivalsOf(topic: string, count: number) {
  const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `latency-${Date.now()}`, maxWaitTimeInMs: 1000 })
  const arrivals: { tick: number; arrivedMs: number }[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await new Promise<void>((resolve) => {
    consumer.run({
      async eachMessage({ message }) {
        arrivals.push({ tick: Number(message.headers?.tick), arrivedMs: Date.now() })
        if (arrivals.length === count) resolve()
      },
    })
  })
  await consumer.disconnect()
  return arrivals
}
