/** How regular the ticks of `run` are under live orders, how soon an order is in one, and what a minute costs. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median, quantile, report } from '../report.js'
import { startCluster } from './cluster.js'
import { bareTicksCommand, CAUGHT_UP, Engine } from './engine.js'
import { LiveOrders } from './live.js'
import { mediansOf } from './medians.js'
import { cpuSecondsOf, othersMeter, whenQuiet } from './processes.js'
import { benchSettings } from './settings.js'
import { PARTITIONS, type WarmBook, warmBook } from './warm-book.js'
import { intervalsMs, type SeenTick, TickWatcher } from './watcher.js'

const settings = benchSettings('kafka-ticks', ['rates', 'seconds', 'idle-seconds', 'runs'])
const { nodeFlags, runArgs } = settings
const rates = settings.numbers('rates', [100, 10_000])
const seconds = settings.number('seconds', 60)
const idleSeconds = settings.number('idle-seconds', 30)
const runs = settings.number('runs', 3)
/** Code is compiled and connections are made in the first seconds. */
const SETTLE_MS = 10_000
const PRODUCER_START_MS = 2_000
const METHOD = `A book of 20,000 events, then ${idleSeconds} s without any, then ${seconds} s of live ones from a process of its own, all levels in each message. Intervals and latencies as a read_committed consumer gets the messages; latency from just before a probe order is sent, each 173 ms on a level of its own, to the arrival of the first message with it. CPU-seconds are scaled to a minute. From launch: to the log line «caught up», which is when it is ready to tick, and to the first message, which waits for the UTC second, and to the first with the whole book. Bare: a process that does nothing but a transaction of KafkaJS on each second, with a message of the same length, beside the same live orders, which nobody reads then.`

const cluster = await startCluster()
try {
  // The first job of a broker is slower, and is no part of the figures.
  const warmUp = await warmBook(cluster, settings, 'warm-up')
  await warmUp.stop(warmUp.engine)
  const measured: Record<string, Record<string, unknown>[]> = {}
  for (let run = 0; run < runs; run++) {
    for (const rate of rates) {
      await whenQuiet(cluster.pid)
      const figures = await measure(rate, `${rate}-${run}`)
      console.error(rate, JSON.stringify(figures))
      measured[rate] = [...(measured[rate] ?? []), figures]
    }
  }
  const medians = rates.map((rate) => ({ rate, ...mediansOf(measured[rate]!) }))
  report(settings.name, METHOD, { runs, nodeFlags, runArgs, rates: medians })
} finally {
  await cluster.stop()
}
process.exit()

async function measure(rate: number, name: string) {
  const book = await warmBook(cluster, settings, name)
  const { engine, first, watcher } = book
  const fromLaunchMs = {
    toReady: (engine.logged(CAUGHT_UP) ?? Number.NaN) - engine.launchedMs,
    toFirstMessage: watcher.ticks[0]!.arrivedMs - engine.launchedMs,
    toWholeBook: first.arrivedMs - engine.launchedMs,
  }
  await sleep(SETTLE_MS)
  const idleFrom = engine.use().cpuSeconds
  await sleep(idleSeconds * 1000)
  const idle = ((engine.use().cpuSeconds - idleFrom) * 60) / idleSeconds
  const live = await measureLive(book, rate)
  await book.stop(engine)
  const bareIntervalMs = await measureBare(rate, { name, bytes: live.messageBytes })
  const { peakMb } = engine.use()
  return { fromLaunchMs, idleCpuSecondsAMinute: idle, ...live, bareIntervalMs, peakMb }
}

/** What KafkaJS and the broker leave to be had. */
async function measureBare(rate: number, { name, bytes }: { name: string; bytes: number }) {
  const { brokers, kafka } = cluster
  const [topic, output, progress] = ['orders', 'book', 'progress'].map(
    (kind) => `${kind}-${name}-bare`,
  )
  await cluster.makeTopic(topic!, PARTITIONS)
  await cluster.makeTopic(output!, 1)
  await cluster.makeTopic(progress!, 1)
  const watcher = await TickWatcher.start(kafka, output!)
  const command = bareTicksCommand({
    brokers,
    output: output!,
    progress: progress!,
    bytes,
    applied: 0,
  })
  const engine = new Engine(command, join(tmpdir(), `depthline-bare-${name}.log`))
  await watcher.until(engine, () => true)
  await sleep(SETTLE_MS)
  const orders = new LiveOrders({ brokers, topic: topic!, partitions: PARTITIONS, rate, seconds })
  // The producer starts, and goes through the events of the book, before it sends its first.
  await sleep(PRODUCER_START_MS)
  const from = Date.now()
  await orders.ended
  const until = Date.now()
  await engine.kill()
  await watcher.stop()
  const within = watcher.ticks.filter(({ arrivedMs }) => arrivedMs >= from && arrivedMs <= until)
  return spread(intervalsMs(within))
}

async function measureLive({ input, watcher, engine }: WarmBook, rate: number) {
  const { brokers, pid } = cluster
  const orders = new LiveOrders({ brokers, topic: input, partitions: PARTITIONS, rate, seconds })
  let messageBytes = 0
  watcher.onTick = ({ arrivedMs }, message) => {
    messageBytes = message.length
    orders.look(message, arrivedMs)
  }
  // The producer starts, and goes through the events of the book, before it sends its first.
  const known = watcher.ticks.at(-1)!.applied
  await watcher.until(engine, ({ applied }) => applied > known)
  const [from, cpuFrom, brokerFrom] = [Date.now(), engine.use().cpuSeconds, cpuSecondsOf(pid)]
  const others = othersMeter(pid)
  await orders.ended
  const [until, otherBusyCores] = [Date.now(), others()]
  const perMinute = 60_000 / (until - from)
  const cpuSecondsAMinute = (engine.use().cpuSeconds - cpuFrom) * perMinute
  const brokerCpuSecondsAMinute = (cpuSecondsOf(pid) - brokerFrom) * perMinute
  // The last probes are in the messages that follow.
  await sleep(2500)
  const within = watcher.ticks.filter(({ arrivedMs }) => arrivedMs >= from && arrivedMs <= until)
  return {
    ...{ messages: within.length, messageBytes, eventsPerSecond: rateOf(within) },
    ...{ cpuSecondsAMinute, brokerCpuSecondsAMinute, otherBusyCores },
    intervalMs: spread(intervalsMs(within)),
    orderToMessageMs: { ...spread(orders.latenciesMs), unseen: orders.unseen },
  }
}

/** What really came, for a producer on a busy machine may fall behind; probes are counted too. */
function rateOf(ticks: readonly SeenTick[]): number {
  const [first, last] = [ticks[0], ticks.at(-1)]
  return (last!.applied - first!.applied) / (last!.tick - first!.tick)
}

function spread(values: readonly number[]) {
  const [p50, p99] = [median(values), quantile(values, 0.99)]
  return { count: values.length, p50, p99, max: Math.max(...values) }
}
