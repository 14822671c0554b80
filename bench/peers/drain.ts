/** One drain of one engine: from launch to the arrival of the first message that the oracle finds right. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCluster } from '../kafka/cluster.js'
import { Engine, launchMoment } from '../kafka/engine.js'
import { cpuSecondsOf, othersMeter } from '../kafka/processes.js'
import type { PeerEngine } from './engines.js'
import { type BookDifference, type LabProcess, lab, watch } from './lab.js'
import { emptyFolder, eventFile } from './workshop.js'

/** An engine that has not got there by then is stopped, and its run is an error. */
const LIMIT_S = 160
/** Input topics are loaded once for all engines and runs: no engine goes on from another's reading. */
const loaded = new Map<number, string>()

export async function drain(
  cluster: BenchCluster,
  engine: PeerEngine,
  { events, run, runs }: { events: number; run: number; runs: number },
) {
  const input = await loadedTopic(cluster.brokers, events)
  const output = `out-${engine.name}-${events}-${run}`
  const folder = emptyFolder('logs', output)
  const state = emptyFolder('state')
  const place = { brokers: cluster.brokers, input, output, state, events }
  let watcher: LabProcess | undefined
  if (engine.isBare !== true) {
    await lab('topic', '-brokers', cluster.brokers, '-topic', output, '-partitions', '1')
    const expect = ['-expect', eventFile(events), '-timeout', String(LIMIT_S)]
    watcher = watch(place, folder, expect)
    // The oracle has done its work before the clock starts.
    await watcher.until('watching')
  }
  await launchMoment(run, runs)
  const others = othersMeter(cluster.pid)
  const brokerBefore = cpuSecondsOf(cluster.pid)
  const process = new Engine(engine.command(place), `${folder}/engine.log`)
  while (!process.hasEnded && watcher?.hasEnded !== true) await sleep(50)
  const use = process.use()
  const brokerCpuSeconds = cpuSecondsOf(cluster.pid) - brokerBefore
  const otherBusyCores = others()
  const text = watcher === undefined ? process.log() : watcher.text
  await process.kill()
  await watcher?.stop()
  emptyFolder('state')
  const begunMs = process.logged(engine.begun)
  const { launchedMs } = process
  const used = { cpuSeconds: use.cpuSeconds, brokerCpuSeconds, peakMb: use.peakMb, otherBusyCores }
  return { ...outcome({ text, events, launchedMs, begunMs, name: engine.name }), ...used }
}

function outcome(run: {
  text: string
  events: number
  launchedMs: number
  begunMs: number | undefined
  name: string
}) {
  const { text, events, launchedMs, begunMs, name } = run
  const end = /(?:FINAL arrMs=|DONE )(\d+)/.exec(text)
  if (end === null) throw new Error(`${name}: the final book never came; ${text.slice(-300)}`)
  const endMs = Number(end[1])
  const first = /FIRST arrMs=(\d+)/.exec(text)
  const withoutStart = begunMs === undefined ? null : (events * 1000) / (endMs - begunMs)
  return {
    seconds: (endMs - launchedMs) / 1000,
    eventsPerSecond: (events * 1000) / (endMs - launchedMs),
    eventsPerSecondWithoutStart: withoutStart,
    firstMessageSeconds: first === null ? null : (Number(first[1]) - launchedMs) / 1000,
    ...exactness(text),
  }
}

/** What the oracle said of the book; nothing where there is none. */
export function exactness(text: string) {
  const found = /(?:FINAL|LAST)[^{]*(\{.*\})/.exec(text)
  if (found === null) return {}
  const { Expected, AmtInexact, TotInexact, CumInexact }: BookDifference = JSON.parse(found[1]!)
  return {
    levels: Expected,
    notExact: { amounts: AmtInexact, totals: TotInexact, sums: CumInexact },
  }
}

async function loadedTopic(brokers: string, events: number): Promise<string> {
  const known = loaded.get(events)
  if (known !== undefined) return known
  const topic = `in-${events}`
  const file = eventFile(events)
  const where = ['-brokers', brokers, '-topic', topic, '-partitions', '4']
  await lab('load', ...where, '-file', file)
  loaded.set(events, topic)
  return topic
}
