/** `run` beside `serve` with many readers of its stream: what the readers get, and what `run` notices of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Consumer, Kafka, logLevel, Partitioners } from 'kafkajs'
import { median, quantile } from './report.js'

export interface ViewersOptions {
  readonly brokers: string
  readonly readers: number
  /** Readers that never take a byte. */
  readonly idle: number
  /** With the readers, and as long without them. */
  readonly seconds: number
  readonly warmUpSeconds: number
}

const SETTLE_MS = 5_000
/** More than the system buffers for a reader that takes nothing: 4 MB on loopback. */
const BACKLOG_TICKS = 600
const BACKLOG_TICK_BYTES = 12_000

interface Topics {
  readonly input: string
  readonly output: string
}

interface Arrival {
  readonly tick: number
  readonly lateMs: number
}

/** Measures half of the time without readers before them, and half after. */
export async function watchViewers(options: ViewersOptions) {
  const { brokers, seconds, warmUpSeconds } = options
  const name = `viewers-${Date.now()}`
  const topics = { input: `${name}-in`, output: `${name}-out` }
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING })
  await fillBacklog(kafka, topics.output)
  const run = start(brokers, 'run', '--input', topics.input, '--output', topics.output)
  const emulate = start(brokers, 'emulate', '--topic', topics.input)
  const arrivals: Arrival[] = []
  const consumer = await consume(kafka, topics.output, arrivals)
  const measure = async (ms: number) => {
    const from = arrivals.length
    await sleep(ms)
    return arrivals.slice(from)
  }
  try {
    await sleep(warmUpSeconds * 1000)
    const before = await measure((seconds * 1000) / 2)
    const { during, ...figures } = await withReaders(topics, options, measure)
    await sleep(SETTLE_MS / 2)
    const after = await measure((seconds * 1000) / 2)
    const late = { without: lateness([...before, ...after]), with: lateness(during) }
    const ratioOfP50 = Math.round((late.with.p50 / late.without.p50) * 100) / 100
    return { ticks: during.length, ...figures, lateMs: { ...late, ratioOfP50 } }
  } finally {
    await consumer.disconnect()
    await Promise.all([stop(run), stop(emulate)])
  }
}

async function withReaders(
  topics: Topics,
  { brokers, readers, idle, seconds }: ViewersOptions,
  measure: (ms: number) => Promise<Arrival[]>,
) {
  const { child, port } = await startServe(brokers, topics)
  const viewers = Array.from({ length: readers }, () => new Viewer(port))
  const idlers = Array.from({ length: idle }, () => idleReader(port))
  await sleep(SETTLE_MS)
  const memory = watchMemory(child.pid!)
  const during = await measure(seconds * 1000)
  const memoryMb = memory.end()
  // What was sent last is still on its way.
  await sleep(500)
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const dropped = Number(/^depthline_serve_streams_dropped_total (\d+)/m.exec(metrics)?.[1])
  const ticks = during.map(({ tick }) => tick)
  const readersWithEveryTick = viewers.filter((viewer) => viewer.hasAll(ticks)).length
  for (const socket of [...viewers.map((viewer) => viewer.socket), ...idlers]) socket.destroy()
  await stop(child)
  return { during, readers, readersWithEveryTick, idle, dropped, memoryMb }
}

/** Ticks of an earlier time, so that a reader which asks for all of them is owed more than the system buffers. */
async function fillBacklog(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  const row = (n: number) =>
    `{"symbol":"OLD-${n}","side":"buy_1","price":1,"amount":1,"total":1,"cum_sum":1}`
  const rows = Array.from({ length: Math.ceil(BACKLOG_TICK_BYTES / row(0).length) }, (_, n) =>
    row(n),
  )
  const value = `[${rows.join(',')}]`
  const first = Math.floor(Date.now() / 1000) - 2 * BACKLOG_TICKS
  const messages = Array.from({ length: BACKLOG_TICKS }, (_, n) => {
    const headers = {
      tick: String(first + n),
      offsets: '{}',
      missed: '0',
      rejected: '0',
      crossed: '[]',
    }
    return { value, headers, timestamp: String((first + n) * 1000) }
  })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let at = 0; at < messages.length; at += 50) {
    await producer.send({ topic, messages: messages.slice(at, at + 50) })
  }
  await producer.disconnect()
}

/** Reads the stream as cheaply as it can, and remembers the ids. */
class Viewer {
  readonly socket: Socket
  readonly #ticks = new Set<number>()

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    let rest = ''
    this.socket.on('error', () => {})
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      // Ids may be cut in two by the end of a chunk.
      const all = rest + text
      for (const [, id] of all.matchAll(/\nid: (\d+)\n/g)) this.#ticks.add(Number(id))
      rest = all.slice(-30)
    })
    this.socket.write('GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
  }

  hasAll(ticks: readonly number[]): boolean {
    return ticks.every((tick) => this.#ticks.has(tick))
  }
}

/** Asks for everything and takes nothing. */
function idleReader(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  socket.write('GET /api/v1/stream?last=1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return socket
}

async function startServe(brokers: string, { input, output }: Topics) {
  const flags = ['--http', '127.0.0.1:0', '--topic', output, '--input', input]
  const limits = ['--rate', '1000', '--max-streams', '1000']
  const child = start(brokers, 'serve', ...flags, ...limits)
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  for (;;) {
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1])
    if (port > 0) {
      const { status } = await fetch(`http://127.0.0.1:${port}/readyz`)
      if (status === 200) return { child, port }
    }
    if (child.exitCode !== null) throw new Error(`serve ended: ${said}`)
    await sleep(100)
  }
}

function watchMemory(pid: number) {
  const first = residentMb(pid)
  let most = first
  const timer = setInterval(() => {
    most = Math.max(most, residentMb(pid))
  }, 500)
  return {
    end() {
      clearInterval(timer)
      return { first, most, last: residentMb(pid) }
    },
  }
}

/** Linux only, as the benchmark machine is. */
function residentMb(pid: number): number {
  const [, kilobytes = '0'] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

async function consume(kafka: Kafka, topic: string, arrivals: Arrival[]): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: `${topic}-late`, maxWaitTimeInMs: 1000 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({
    async eachMessage({ message }) {
      const tick = Number(message.headers?.tick)
      arrivals.push({ tick, lateMs: Date.now() - tick * 1000 })
    },
  })
  return consumer
}

function start(brokers: string, ...args: string[]): ChildProcess {
  const env = { ...process.env, KAFKA_BROKERS: brokers, LOG_LEVEL: 'info' }
  return spawn(process.execPath, ['dist/cli.js', ...args], {
    env,
    stdio: ['ignore', 'ignore', args[0] === 'serve' ? 'pipe' : 'ignore'],
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGINT')
  await once(child, 'exit')
}

function lateness(arrivals: readonly Arrival[]) {
  const late = arrivals.map(({ lateMs }) => lateMs)
  return { p50: median(late), p99: quantile(late, 0.99), max: Math.max(...late) }
}
