/** What being asked for metrics costs `run`: how late ticks are in seconds with and without askers, in one drain after another. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { startBroker } from '../src/testing/broker.js'
import { median, quantile, report } from './report.js'

const COUNT = 3_000_000
const BATCH = 10_000
const DRAINS = 5
/** The first ticks of a process are slower: code is compiled, connections are made. */
const WARM_UP = 2
/** Far more often than Prometheus, which asks every few seconds. */
const ASK_EVERY_MS = 50

const broker = await startBroker()
const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING })
const input = `orders-${Date.now()}`
await fill()
const ticks: { lateMs: number; isAsked: boolean; events: number }[] = []
let pages = 0
for (let drain = 0; drain < DRAINS; drain++) ticks.push(...(await drainOnce(drain)))
const [asked, unasked] = [true, false].map((wanted) => {
  const late = ticks.filter(({ isAsked }) => isAsked === wanted).map(({ lateMs }) => lateMs)
  return { ticks: late.length, p50: median(late), p90: quantile(late, 0.9), max: Math.max(...late) }
})
report('metrics-page', `${COUNT} events drained ${DRAINS} times, 20 requests in each odd second`, {
  pages,
  eventsPerTick: Math.round(median(ticks.map(({ events }) => events))),
  lateMs: { asked, unasked },
  ratio: Math.round((asked!.p50 / unasked!.p50) * 100) / 100,
})
await broker.stop()
process.exit()

/** Ticks that were published while the backlog was drained by a job of its own. */
async function drainOnce(drain: number) {
  const output = `order-book-${drain}`
  const flags = ['--input', input, '--output', output, '--dead-letters', `${output}.dead`]
  const env = { ...process.env, KAFKA_BROKERS: broker.brokers }
  const args = [
    'dist/cli.js',
    'run',
    ...flags,
    '--http',
    '127.0.0.1:0',
    '--snapshot-seconds',
    '3600',
  ]
  const job = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const port = await portOf(job)
  const isOver = new AbortController()
  const asking = askInOddSeconds(port, isOver.signal)
  const arrivals = await arrivalsUntil(output, COUNT)
  isOver.abort()
  await asking
  job.kill('SIGINT')
  await once(job, 'exit')
  return arrivals.slice(WARM_UP)
}

async function askInOddSeconds(port: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(ASK_EVERY_MS)
    // From half a second before an odd tick to half a second after it.
    if (!isOdd(Math.round(Date.now() / 1000))) continue
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`)
    pages += (await reply.text()).includes('depthline_ticks_total') ? 1 : 0
  }
}

function isOdd(tick: number): boolean {
  return tick % 2 === 1
}

/** When each tick came, up to the one that holds all. */
async function arrivalsUntil(topic: string, count: number) {
  const consumer = kafka.consumer({ groupId: `${topic}-reader`, maxWaitTimeInMs: 1000 })
  const arrivals: typeof ticks = []
  let below = 0
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await new Promise<void>((resolve) => {
    consumer.run({
      async eachMessage({ message: { headers = {} } }) {
        const tick = Number(headers.tick)
        const offsets = Object.values(JSON.parse(String(headers.offsets))) as number[]
        const applied = offsets.reduce((sum, offset) => sum + offset, 0)
        const events = applied - below
        below = applied
        const lateMs = Date.now() - tick * 1000
        if (below < count) arrivals.push({ lateMs, isAsked: isOdd(tick), events })
        else resolve()
      },
    })
  })
  await consumer.disconnect()
  return arrivals
}

async function portOf(job: ChildProcess): Promise<string> {
  let log = ''
  for await (const piece of job.stderr!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += piece
    // The topics are there when it runs.
    if (!log.includes('"msg":"running"')) continue
    job.stderr!.resume()
    return /"port":(\d+),"msg":"serving metrics"/.exec(log)![1]!
  }
  throw new Error(`run has ended: ${log}`)
}

/** Orders that are closed again, so that the books stay as they are. */
async function fill(): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: input, numPartitions: 4 }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let sent = 0; sent < COUNT; sent += BATCH) {
    const messages = Array.from({ length: BATCH }, (_, index) => event(sent + index))
    await producer.send({ topic: input, messages })
  }
  await producer.disconnect()
}

function event(number: number) {
  const id = number >> 1
  const key = String(id)
  if (number % 2 === 1) return { key, value: `{"order_id":${id},"status":"CLOSED"}` }
  const price = 1000 + ((id * 7919) % 500)
  const value = `{"order_id":${id},"symbol":"S${id % 20}","order_side":"BUY","size":1,"price":${price},"status":"OPEN"}`
  return { key, value }
}
