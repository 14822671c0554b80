/** Ten million open orders: read from the start, kept in a snapshot, killed, and there again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs'
import { startBroker } from '../src/testing/broker.js'
import { report } from './report.js'

const ORDERS = Number(process.env.ORDERS ?? 10_000_000)
/** Come while the process is down. */
const LATER = 1_000
const PARTITIONS = 4
const SYMBOLS = 100
const PRICES = 1_000
const LEVELS = 15
const BATCH = 4_000

const children: ChildProcess[] = []
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
const broker = await startBroker()
const data = mkdtempSync(join(tmpdir(), 'depthline-restart-'))
const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING })
const input = 'restart-in'
const output = 'restart-out'
const snapshots = join(data, 'snapshots', output)
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({
  waitForLeaders: false,
  topics: [
    { topic: input, numPartitions: PARTITIONS },
    { topic: output, numPartitions: 1 },
  ],
})
await admin.disconnect()
// KafkaJS's own waiting for leaders gives up at the first broker that does not know the topics yet.
await sleep(2_000)
const ticks = await follow()
await produce(0, ORDERS)

const first = start()
const caughtUp = await tickOf((offsets) => sum(offsets) === ORDERS)
const readSeconds = (caughtUp.arrivedMs - first.startedMs) / 1000
mkdirSync(snapshots, { recursive: true })
const before = readdirSync(snapshots)
while (!readdirSync(snapshots).some((name) => isNewWhole(name))) await sleep(500)
const firstPeakMb = peakMb(first.process)
const missedSoFar = ticks.reduce((missed, tick) => missed + tick.missed, 0)
first.process.kill('SIGKILL')
const snapshotMb = Math.round(statSync(join(snapshots, newest())).size / 2 ** 20)
await produce(ORDERS, LATER)
const seen = ticks.length

const second = start()
const restarted = await tickOf(() => ticks.length > seen)
const whole = await tickOf((offsets) => sum(offsets) === ORDERS + LATER)
const secondPeakMb = peakMb(second.process)
second.process.kill('SIGKILL')
report(
  'restart',
  `${ORDERS} open orders in ${SYMBOLS} symbols, ${PARTITIONS} partitions; kill -9`,
  {
    readFromStartSeconds: round(readSeconds),
    missedWhileReading: missedSoFar,
    snapshotMb,
    firstTickAfterRestartSeconds: round((restarted.arrivedMs - second.startedMs) / 1000),
    firstTickIsRight: restarted.value === expected(restarted.offsets),
    lastTickIsRight: whole.value === expected(whole.offsets),
    peakMb: { fromStart: firstPeakMb, fromSnapshot: secondPeakMb },
  },
)
rmSync(data, { recursive: true })
await broker.stop()
process.exit()

interface Seen {
  readonly offsets: readonly number[]
  readonly value: string
  readonly missed: number
  readonly arrivedMs: number
}

function isNewWhole(name: string): boolean {
  return name.endsWith('.snapshot') && !before.includes(name)
}

function newest(): string {
  return readdirSync(snapshots)
    .filter((name) => name.endsWith('.snapshot'))
    .sort()
    .at(-1)!
}

function start(): { process: ChildProcess; startedMs: number } {
  const env = {
    ...process.env,
    KAFKA_BROKERS: broker.brokers,
    LOG_LEVEL: 'warn',
    DEPTHLINE_DATA: data,
  }
  const args = ['dist/cli.js', 'run', '--input', input, '--output', output]
  const startedMs = Date.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  return { process: child, startedMs }
}

/** Every tick as a read_committed consumer gets it, in a list that grows. */
async function follow(): Promise<Seen[]> {
  const seen: Seen[] = []
  const consumer = kafka.consumer({ groupId: 'restart', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [output], fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void seen.push(seenOf(message)) })
  return seen
}

function seenOf({ headers = {}, value }: KafkaMessage): Seen {
  const offsets = Object.values(JSON.parse(String(headers.offsets)) as Record<string, number>)
  return { offsets, value: String(value), missed: Number(headers.missed), arrivedMs: Date.now() }
}

async function tickOf(isWanted: (offsets: readonly number[]) => boolean): Promise<Seen> {
  for (;;) {
    const last = ticks.at(-1)
    if (last !== undefined && isWanted(last.offsets)) return last
    await sleep(5)
  }
}

function orderOf(id: number) {
  const side = id % 2 === 0 ? 'BUY' : 'SELL'
  const step = (Math.imul(id, 0x9e3779b1) >>> 0) % PRICES
  // In cents: bids below 1,000, asks above.
  const cents = side === 'BUY' ? 99_999 - step : 100_001 + step
  return { symbol: `S${(id >> 1) % SYMBOLS}-USD`, side, cents, size: 1 + (id % 9) }
}

async function produce(from: number, count: number): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let start = from; start < from + count; start += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, from + count - start) }, (_, index) => {
      const id = start + index
      const { symbol, side, cents, size } = orderOf(id)
      const value = `{"order_id":${id},"symbol":"${symbol}","order_side":"${side}","size":${size},"price":${plain(cents)},"status":"OPEN"}`
      return { value, partition: id % PARTITIONS }
    })
    await producer.send({ topic: input, messages })
  }
  await producer.disconnect()
}

/** The message for the input below these offsets, from sums of whole numbers alone. */
function expected(offsets: readonly number[]): string {
  const sizes = new Map<string, Map<number, number>>()
  for (let id = 0; id < ORDERS + LATER; id++) {
    if (Math.floor(id / PARTITIONS) >= offsets[id % PARTITIONS]!) continue
    const { symbol, side, cents, size } = orderOf(id)
    const ladder = sizes.get(`${symbol} ${side}`) ?? new Map<number, number>()
    sizes.set(`${symbol} ${side}`, ladder.set(cents, (ladder.get(cents) ?? 0) + size))
  }
  const symbols = [...new Set([...sizes.keys()].map((key) => key.split(' ')[0]!))].sort()
  const rows = symbols.flatMap((symbol) => {
    const sides = ['BUY', 'SELL'].map((side) =>
      rowsOf(symbol, side, sizes.get(`${symbol} ${side}`)),
    )
    return Array.from({ length: LEVELS }, (_, index) => sides.map((side) => side[index])).flat()
  })
  return `[${rows.filter((row) => row !== undefined).join(',')}]`
}

function rowsOf(symbol: string, side: string, ladder = new Map<number, number>()): string[] {
  const best = [...ladder].sort(([a], [b]) => (side === 'BUY' ? b - a : a - b)).slice(0, LEVELS)
  let cumulative = 0
  return best.map(([cents, amount], index) => {
    cumulative += cents * amount
    const level = `"symbol":"${symbol}","side":"${side.toLowerCase()}_${index + 1}"`
    const [price, total, cumSum] = [cents, cents * amount, cumulative].map((value) => {
      return plain(value)
    })
    return `{${level},"price":${price},"amount":${amount},"total":${total},"cum_sum":${cumSum}}`
  })
}

/** Linux only, as the benchmark machine is. */
function peakMb({ pid }: ChildProcess): number {
  const [, kilobytes = '0'] =
    /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

function sum(offsets: readonly number[]): number {
  return offsets.reduce((total, offset) => total + offset, 0)
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10
}

/** Hundredths in the shortest plain form. */
function plain(hundredths: number): string {
  const [integer, fraction = ''] = (hundredths / 100).toFixed(2).split('.')
  const digits = fraction.replace(/0+$/, '')
  return digits === '' ? `${integer}` : `${integer}.${digits}`
}
