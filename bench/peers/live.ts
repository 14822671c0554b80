/** One engine under live orders: how regular its messages are, how soon an order is in one, and after a kill. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCluster } from '../kafka/cluster.js'
import { Engine } from '../kafka/engine.js'
import { cpuSecondsOf, othersMeter } from '../kafka/processes.js'
import { median, quantile } from '../report.js'
import { exactness } from './drain.js'
import type { PeerEngine, Place } from './engines.js'
import { jsonLines, LabProcess, lab, type WatchedMessage, watch } from './lab.js'
import { emptyFolder, LIVE_FILE, WARM_FILE } from './workshop.js'

/** An engine compiles its code and makes its connections in the first seconds. */
const SETTLE_MS = 12_000
const KILL_AFTER_MS = 20_000
/** For the last probes to come out. */
const AFTER_MS = 6_000
const WARM_EVENTS = 20_000
const START_LIMIT_MS = 60_000
/** A message this fresh, in ms since its newest probe was sent, has caught up. */
const FRESH_MS = 2_500

export interface LiveTest {
  readonly rate: number
  readonly seconds: number
  /** kill -9 in the middle, and the same command at once. */
  readonly isKilled: boolean
  readonly run: number
}

interface Probe {
  readonly i: number
  readonly ms: number
}

interface Launched {
  readonly place: Place
  readonly folder: string
  readonly watcher: LabProcess
  process: Engine
}

export async function live(cluster: BenchCluster, engine: PeerEngine, test: LiveTest) {
  const launched = await launch(cluster, engine, test)
  const { folder, watcher, place } = launched
  const { pid } = cluster
  const firstMs = Number(/FIRST arrMs=(\d+)/.exec(watcher.text)?.[1])
  const firstMessageSeconds = (firstMs - launched.process.launchedMs) / 1000
  await sleep(SETTLE_MS)
  const [cpuFrom, brokerFrom, fromMs] = [launched.process.use(), cpuSecondsOf(pid), Date.now()]
  const others = othersMeter(pid)
  const producer = sendLive(place, folder, test)
  let killedMs: number | undefined
  if (test.isKilled) {
    await sleep(KILL_AFTER_MS)
    killedMs = Date.now()
    await launched.process.kill()
    launched.process = new Engine(engine.command(place), `${folder}/engine-again.log`)
  }
  await producer.ended
  const untilMs = Date.now()
  const use = launched.process.use()
  const aMinute = 60_000 / (untilMs - fromMs)
  const used = {
    ...(test.isKilled
      ? {}
      : { cpuSecondsAMinute: (use.cpuSeconds - cpuFrom.cpuSeconds) * aMinute }),
    brokerCpuSecondsAMinute: (cpuSecondsOf(pid) - brokerFrom) * aMinute,
    peakMb: use.peakMb,
    otherBusyCores: others(),
  }
  await sleep(AFTER_MS)
  await watcher.stop()
  await launched.process.kill()
  emptyFolder('state')
  const book = { isRight: watcher.text.includes('LAST ok=true'), ...exactness(watcher.text) }
  const seen = seenOf(folder)
  if (killedMs !== undefined) return { ...recovery(seen, killedMs), ...used, ...book }
  return { firstMessageSeconds, ...regularity(seen, fromMs, untilMs), ...used, ...book }
}

/** The engine, launched on the warm book and past its first message. */
async function launch(
  { brokers }: BenchCluster,
  engine: PeerEngine,
  { rate, isKilled, run }: LiveTest,
): Promise<Launched> {
  const name = `${isKilled ? 'recover' : 'ticks'}-${engine.name}-${rate}-${run}`
  const folder = emptyFolder('logs', name)
  const [input, output] = [`in-${name}`, `out-${name}`]
  const place = { brokers, input, output, state: emptyFolder('state'), events: WARM_EVENTS }
  await lab('topic', '-brokers', brokers, '-topic', output, '-partitions', '1')
  const where = ['-brokers', brokers, '-topic', input, '-partitions', '4']
  await lab('load', ...where, '-file', WARM_FILE)
  const expect = ['-expect', `${WARM_FILE},${folder}/sent.jsonl`]
  const watcher = watch(place, folder, ['-lastonly', '-timeout', '300', ...expect])
  const process = new Engine(engine.command(place), `${folder}/engine.log`)
  while (!watcher.text.includes('FIRST')) {
    if (process.hasEnded || Date.now() - process.launchedMs > START_LIMIT_MS) {
      throw new Error(`${engine.name} wrote nothing: ${process.log().slice(-500)}`)
    }
    await sleep(50)
  }
  return { place, folder, watcher, process }
}

function sendLive({ brokers, input }: Place, folder: string, { rate, seconds }: LiveTest) {
  const pace = ['-rate', String(rate), '-secs', String(seconds)]
  const batches = ['-batchms', rate <= 1000 ? '100' : '10']
  const files = ['-file', LIVE_FILE, '-log', `${folder}/sent.jsonl`]
  const probes = ['-probes', `${folder}/probes.jsonl`]
  const args = ['live', '-brokers', brokers, '-topic', input, ...pace, ...batches]
  return new LabProcess([...args, ...files, ...probes], `${folder}/live.txt`)
}

interface Seen {
  readonly messages: readonly WatchedMessage[]
  readonly sentMs: ReadonlyMap<number, number>
  readonly arrivedMs: ReadonlyMap<number, number>
}

function seenOf(folder: string): Seen {
  const sent = jsonLines<Probe>(`${folder}/probes.jsonl`)
  const arrived = jsonLines<{ i: number; arr: number }>(`${folder}/arrived.jsonl`)
  return {
    messages: jsonLines<WatchedMessage>(`${folder}/watch.jsonl`),
    sentMs: new Map(sent.map(({ i, ms }) => [i, ms])),
    arrivedMs: new Map(arrived.map(({ i, arr }) => [i, arr])),
  }
}

function regularity({ messages, sentMs, arrivedMs }: Seen, fromMs: number, untilMs: number) {
  const within = messages.filter(({ ArrMs }) => ArrMs >= fromMs + 1000 && ArrMs <= untilMs)
  const intervals = within.slice(1).map(({ ArrMs }, at) => ArrMs - within[at]!.ArrMs)
  const latencies = [...arrivedMs]
    .filter(([probe]) => sentMs.has(probe))
    .map(([probe, ms]) => ms - sentMs.get(probe)!)
  return {
    messages: within.length,
    rows: messages.at(-1)!.Rows,
    intervalMs: spread(intervals),
    orderToMessageMs: { ...spread(latencies), unseen: sentMs.size - latencies.length },
  }
}

function recovery({ messages, sentMs }: Seen, killedMs: number) {
  const before = messages.filter(({ ArrMs }) => ArrMs <= killedMs)
  const after = messages.filter(({ ArrMs }) => ArrMs > killedMs)
  const next = after[0]
  if (next === undefined) throw new Error('no message came after the kill')
  const fresh = after.find(({ ArrMs, NewestProbe }) => {
    return ArrMs - (sentMs.get(NewestProbe) ?? 0) <= FRESH_MS
  })
  const newest = messages.map(({ NewestProbe }) => NewestProbe)
  return {
    toNextMessageSeconds: (next.ArrMs - killedMs) / 1000,
    toCaughtUpSeconds: fresh === undefined ? null : (fresh.ArrMs - killedMs) / 1000,
    lostTicks: Math.max(0, Math.round((next.ArrMs - before.at(-1)!.ArrMs) / 1000) - 1),
    /** Messages that hold less than one before them did. */
    olderThanEmitted: newest.filter((probe, at) => probe < Math.max(0, ...newest.slice(0, at)))
      .length,
  }
}

function spread(values: readonly number[]) {
  return { p50: median(values), p99: quantile(values, 0.99), max: Math.max(...values) }
}
