/** How fast `run` drains a backlog, how regular its ticks are meanwhile, and what KafkaJS alone would do. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, quantile, report } from '../report.js'
import { type BenchCluster, startCluster } from './cluster.js'
import { bareCommand, CAUGHT_UP, Engine, launchMoment, runCommand } from './engine.js'
import { load } from './load.js'
import { mediansOf } from './medians.js'
import { cpuSecondsOf, othersMeter, whenQuiet } from './processes.js'
import { benchSettings } from './settings.js'
import { intervalsMs, type SeenTick, TickWatcher } from './watcher.js'

const settings = benchSettings('kafka-drain', ['events', 'partitions', 'runs'])
const { nodeFlags, runArgs } = settings
const runs = settings.number('runs', 3)
const sizes = settings.numbers('events', [1_000_000, 5_000_000])
const partitionings = settings.numbers('partitions', [4])
const threads = Number(/--fetch-threads[ =](\d+)/.exec(runArgs.join(' '))?.[1] ?? 1)
const METHOD =
  'A topic loaded beforehand, keyed by order id, all levels in each message. eventsPerSecond: from launch to the arrival of the first committed tick that covers all, so up to a second late; a first run is not counted, as a broker just started compiles its code; the launches of the runs are spread evenly over the second. ' +
  'interpolated: the end is set back to when all was applied, at the rate of the last full second. Intervals and rates without the first tick, which comes in the midst of its second. steady: without start-up, between the first and the last tick that cover a part, by their offsets headers. ' +
  'kafkaJs: a bare read_committed consumer of the same topic right before, from its first batch to its last, which knows nothing of start-up either; ofKafkaJs is steady over that of the same run and flags.'

const cluster = await startCluster()
const folder = mkdtempSync(join(tmpdir(), 'depthline-drain-'))
const drains: Record<string, unknown>[] = []
try {
  for (const partitions of partitionings) {
    for (const events of sizes) drains.push(await measure(events, partitions))
  }
  report(settings.name, METHOD, { runs, nodeFlags, runArgs, drains })
} finally {
  rmSync(folder, { recursive: true, force: true })
  await cluster.stop()
}
process.exit()

async function measure(events: number, partitions: number) {
  const input = `orders-${events}-${partitions}`
  await cluster.makeTopic(input, partitions)
  const seconds = await load({ brokers: cluster.brokers, topic: input, partitions, count: events })
  console.error(`${events} events in ${partitions} partitions loaded in ${seconds} s`)
  const measured: Awaited<ReturnType<typeof drainBesideKafkaJs>>[] = []
  for (let run = -1; run < runs; run++) {
    await whenQuiet(cluster.pid)
    const figures = await drainBesideKafkaJs({ input, events, run })
    console.error(run < 0 ? 'not counted' : '', JSON.stringify(figures))
    // A broker just started compiles its code in the first few drains.
    if (run >= 0) measured.push(figures)
  }
  return { events, partitions, ...mediansOf(measured), each: measured.map(inShort) }
}

interface DrainRun {
  readonly input: string
  readonly events: number
  readonly run: number
}

async function drainBesideKafkaJs(drain: DrainRun) {
  const kafkaJs = await bareRate(cluster, drain, [])
  // With the flags that `run` gets, the comparison is of the program and not of the flags.
  const sameFlags = nodeFlags.length === 0 ? kafkaJs : await bareRate(cluster, drain, nodeFlags)
  const drained = await drainOnce(drain)
  const ofKafkaJs = drained.steady === null ? null : drained.steady / sameFlags
  return { ...drained, kafkaJs, kafkaJsWithFlags: sameFlags, ofKafkaJs }
}

/** Records a second, from the end of the first batch to that of the last. */
async function bareRate({ brokers }: BenchCluster, drain: DrainRun, flags: readonly string[]) {
  const { input, events } = drain
  const command = bareCommand({ brokers, input, count: events, threads, nodeFlags: flags })
  const engine = new Engine(command, join(folder, `bare-${events}-${drain.run}.log`))
  await engine.whenEnded()
  const first = engine.logged(/FIRST_RECORD (\d+)/)
  const inFirst = engine.logged(/FIRST_RECORD \d+ of (\d+)/)
  const last = engine.logged(/DONE (\d+)/)
  if (first === undefined || inFirst === undefined || last === undefined) {
    throw new Error(`the bare consumer ended early: ${engine.log()}`)
  }
  return ((events - inFirst) * 1000) / (last - first)
}

async function drainOnce({ input, events, run }: DrainRun) {
  const { brokers, kafka, pid } = cluster
  const output = `book-${input}-${run}`
  await cluster.makeTopic(output, 1)
  const watcher = await TickWatcher.start(kafka, output)
  await launchMoment(run, runs)
  const others = othersMeter(pid)
  const brokerBefore = cpuSecondsOf(pid)
  const data = join(folder, output)
  const command = runCommand({ brokers, input, output, data, nodeFlags, args: runArgs })
  const engine = new Engine(command, join(folder, `${output}.log`))
  const last = await watcher.until(engine, ({ applied }) => applied >= events)
  const { cpuSeconds, peakMb } = engine.use()
  const brokerCpuSeconds = cpuSecondsOf(pid) - brokerBefore
  const otherBusyCores = others()
  const readyMs = (engine.logged(CAUGHT_UP) ?? Number.NaN) - engine.launchedMs
  await engine.kill()
  await watcher.stop()
  const { launchedMs } = engine
  // The first tick is published when all is ready, in the midst of its second; the others on theirs.
  const ticks = watcher.ticks.slice(1)
  const rates = ratesOf({ ticks, events, launchedMs, readyMs: launchedMs + readyMs })
  const seconds = (last.arrivedMs - launchedMs) / 1000
  const intervals = intervalsMs(ticks)
  return {
    ...{ seconds, eventsPerSecond: events / seconds, ...rates },
    ...{ cpuSeconds, brokerCpuSeconds, peakMb, readyMs, otherBusyCores },
    intervalMs: {
      p50: median(intervals),
      p99: quantile(intervals, 0.99),
      maxDeviation: Math.max(...intervals.map((ms) => Math.abs(ms - 1000))),
    },
  }
}

/**
 * Rates that know nothing of the wait for the next second. The book of a tick is
 * cut on its second, so between two ticks that cover a part of the backlog all
 * time was work; after the last of them the rest takes as long as at the rate
 * before it, or since it was ready where there is no other tick.
 */
function ratesOf(drain: {
  ticks: readonly SeenTick[]
  events: number
  launchedMs: number
  readyMs: number
}): { interpolated: number | null; steady: number | null } {
  const { ticks, events, launchedMs, readyMs } = drain
  const parts = ticks
    .filter(({ applied }) => applied > 0 && applied < events)
    .map(({ tick, applied }) => ({ atMs: tick * 1000, applied }))
  const [first, last] = [parts[0], parts.at(-1)]
  if (first === undefined || last === undefined) return { interpolated: null, steady: null }
  const before = parts.at(-2) ?? { atMs: readyMs, applied: 0 }
  const endMs = last.atMs + (events - last.applied) / rateBetween(before, last)
  const steady = first === last ? null : rateBetween(first, last) * 1000
  return { interpolated: (events * 1000) / (endMs - launchedMs), steady }
}

interface Progress {
  readonly atMs: number
  readonly applied: number
}

/** Events a millisecond. */
function rateBetween(from: Progress, to: Progress): number {
  return (to.applied - from.applied) / (to.atMs - from.atMs)
}

/** So that the spread can be seen. */
function inShort(run: Awaited<ReturnType<typeof drainBesideKafkaJs>>) {
  const { seconds, steady, kafkaJs, cpuSeconds, peakMb, otherBusyCores } = run
  return { seconds, steady, kafkaJs, cpuSeconds, peakMb, otherBusyCores }
}
