/** Ticks of many symbols: what one takes, how long it holds the loop, and how late it arrives. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep, setImmediate as yieldToAll } from 'node:timers/promises'
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs'
import { DEFAULT_LIMITS } from '../src/book/order-books.js'
import { OrderProcessor } from '../src/jobs/order-processor.js'
import { startBroker } from '../src/testing/broker.js'
import { median, quantile, report } from './report.js'

const LEVELS = 15
const ROUNDS = 12
/** The first rounds run code that is not compiled yet. */
const WARM_UP = 4
const LIVE_SYMBOLS = Number(process.env.SYMBOLS ?? 2000)
const LIVE_TICKS = 25
const LIVE_WARM_UP = 8

/** Says each second on standard error for how long the loop was held at most. */
const PROBE = `
import { monitorEventLoopDelay } from 'node:perf_hooks'
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
setInterval(() => {
  process.stderr.write('loop ' + delay.max / 1e6 + '\\n')
  delay.reset()
}, 1000).unref()`

const core = []
for (const symbols of [1, 10, 100, 500, 2000, 5000]) core.push(await measureCore(symbols))
const live = await measureLive()
report(
  'ticks',
  `all ${LEVELS} levels a side of every symbol amended each second; core: ladders, rows and hash, in steps; live: run on a broker, at a read_committed consumer`,
  { core, live },
)
process.exit()

/** Every level of every symbol with another size: an OPEN of a known id amends it. */
function amendments(symbols: number, round: number): Buffer[] {
  const records: Buffer[] = []
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (let side = 0; side < 2; side++) {
      for (let level = 0; level < LEVELS; level++) {
        const id = (symbol * 2 + side) * LEVELS + level
        const cents = side === 0 ? 3404524 - level * 7 : 3404525 + level * 7
        const size = 1 + ((id * 7919 + round * 104729) % 99_999)
        records.push(
          Buffer.from(
            `{"order_id":${id},"symbol":"SYM${symbol}-USDT","order_side":"${side ? 'SELL' : 'BUY'}",` +
              `"size":${(size / 1e5).toFixed(5)},"price":${(cents / 100).toFixed(2)},` +
              '"status":"OPEN","created_at":1700000000}',
          ),
        )
      }
    }
  }
  return records
}

async function measureCore(symbols: number) {
  const options = { levels: LEVELS, limits: DEFAULT_LIMITS, seed: 1 }
  const processor = new OrderProcessor(options)
  const totals: number[] = []
  const longest: number[] = []
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const record of amendments(symbols, round)) processor.accept(record, 0, record.length, 0)
    await yieldToAll()
    const steps = processor.print()
    const times: number[] = []
    for (;;) {
      const begun = performance.now()
      const step = steps.next()
      times.push(performance.now() - begun)
      if (step.done) {
        bytes = step.value.message.length
        break
      }
      await yieldToAll()
    }
    if (round < WARM_UP) continue
    totals.push(times.reduce((sum, time) => sum + time, 0))
    longest.push(Math.max(...times))
  }
  return {
    symbols,
    ...{ bytes, workMs: tenths(median(totals)), workMaxMs: tenths(Math.max(...totals)) },
    ...{ longestStepMs: tenths(median(longest)), longestStepMaxMs: tenths(Math.max(...longest)) },
  }
}

async function measureLive() {
  const broker = await startBroker()
  const input = `orders-${Date.now()}`
  const output = `order-book-${Date.now()}`
  const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING })
  const run = startRun(broker.brokers, '--input', input, '--output', output)
  const delays: { at: number; maxMs: number }[] = []
  run.stderr.on('data', (text) => {
    for (const [, maxMs] of String(text).matchAll(/loop (\S+)/g)) {
      delays.push({ at: Date.now(), maxMs: Number(maxMs) })
    }
  })
  const stopping = new AbortController()
  try {
    await sleep(3000)
    const feeding = feed(kafka, input, stopping.signal)
    const arrivals = await arrivalsOf(kafka, output, LIVE_TICKS + LIVE_WARM_UP)
    stopping.abort()
    await feeding
    const measured = arrivals.slice(LIVE_WARM_UP)
    const late = measured.map(({ tick, arrivedMs }) => arrivedMs - tick * 1000)
    const ticks = measured.map(({ tick }) => tick)
    const since = measured[0]!.tick * 1000
    const holds = delays.filter(({ at }) => at > since).map(({ maxMs }) => maxMs)
    return {
      symbols: LIVE_SYMBOLS,
      ticks: LIVE_TICKS,
      bytes: measured.at(-1)!.bytes,
      consecutive: ticks.every((tick, index) => index === 0 || tick === ticks[index - 1]! + 1),
      lateMs: { p50: median(late), max: Math.max(...late) },
      longestHoldOfEachSecondMs: {
        p50: tenths(median(holds)),
        p90: tenths(quantile(holds, 0.9)),
        max: tenths(Math.max(...holds)),
      },
    }
  } finally {
    run.kill('SIGINT')
    await once(run, 'exit')
    await broker.stop()
  }
}

function startRun(brokers: string, ...args: string[]) {
  const env = { ...process.env, KAFKA_BROKERS: brokers, LOG_LEVEL: 'warn' }
  const probe = `data:text/javascript,${encodeURIComponent(PROBE)}`
  const node = ['--import', probe, process.env.CLI ?? 'dist/cli.js', 'run', ...args]
  return spawn(process.execPath, node, { env, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Amends every level in the middle of each second, so that ticks fall into no burst. */
async function feed(kafka: Kafka, topic: string, signal: AbortSignal): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let round = 0; !signal.aborted; round++) {
    const records = amendments(LIVE_SYMBOLS, round)
    await sleep(1000 - (Date.now() % 1000) + 100)
    for (let at = 0; at < records.length; at += 5000) {
      // Each order stays in one partition.
      const messages = records
        .slice(at, at + 5000)
        .map((value, index) => ({ value, partition: (at + index) % 4 }))
      await producer.send({ topic, messages, compression: CompressionTypes.None })
      await sleep(10)
    }
  }
  await producer.disconnect()
}

async function arrivalsOf(kafka: Kafka, topic: string, count: number) {
  const consumer = kafka.consumer({
    ...{ groupId: `ticks-${Date.now()}`, maxWaitTimeInMs: 1000, maxBytesPerPartition: 16_777_216 },
  })
  const arrivals: { tick: number; arrivedMs: number; bytes: number }[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await new Promise<void>((resolve) => {
    consumer.run({
      async eachMessage({ message }) {
        const bytes = message.value?.length ?? 0
        arrivals.push({ tick: Number(message.headers?.tick), arrivedMs: Date.now(), bytes })
        if (arrivals.length === count) resolve()
      },
    })
  })
  await consumer.disconnect()
  return arrivals
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
