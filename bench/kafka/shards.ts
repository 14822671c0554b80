/** A backlog drained by one process, by one shard and by two, in one run; and what the merger costs for each changed level. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../report.js'
import { startCluster } from './cluster.js'
import { CAUGHT_UP, type Engine } from './engine.js'
import { WARM_EVENTS } from './events.js'
import { LiveOrders } from './live.js'
import { load } from './load.js'
import { mediansOf } from './medians.js'
import { cpuSecondsOf, othersMeter, whenQuiet } from './processes.js'
import { benchSettings } from './settings.js'
import { ShardFleet } from './shard-fleet.js'

const settings = benchSettings('kafka-shards', ['events', 'partitions', 'runs', 'rate', 'seconds'])
const { nodeFlags, runArgs } = settings
const runs = settings.number('runs', 3)
const sizes = settings.numbers('events', [1_000_000, 5_000_000])
const partitions = settings.number('partitions', 8)
const rate = settings.number('rate', 10_000)
const seconds = settings.number('seconds', 30)
/** Shards beside the merger; 0 is one process alone. */
const SHAPES = [0, 1, 2]
const SETTLE_MS = 5_000
const LATER_MS = 2_000
const METHOD =
  `A topic of ${partitions} partitions loaded beforehand, keyed by order id, all levels in each message. Drains: all processes launched at once; seconds from there to the arrival of the first message that covers all; the three shapes one after another in each run, so that their ratio is of one run. cpuSeconds of all processes of the shape, mergerCpuSeconds of the merger in them. ` +
  'merger.fresh: a new merger over the levels topic that the largest drain by two shards left; its CPU up to «caught up» and two seconds more, less that of one over a topic of a few thousand, by the difference in records. ' +
  `merger.live: ${rate} events/s for ${seconds} s, its CPU less that of as long without events, by records.`

const cluster = await startCluster()
const folder = mkdtempSync(join(tmpdir(), 'depthline-shards-'))
let fleets = 0
try {
  const small = await loaded(WARM_EVENTS)
  const few = await drain({ input: small, events: WARM_EVENTS, shards: 2, isFollowed: true })
  const drains: Record<string, unknown>[] = []
  let many = few
  for (const events of sizes) {
    const input = await loaded(events)
    const shapes: Drained[][] = SHAPES.map(() => [])
    for (let run = 0; run < runs; run++) {
      for (const [at, shards] of SHAPES.entries()) {
        await whenQuiet(cluster.pid)
        const isFollowed = shards === 2 && run === runs - 1
        const drained = await drain({ input, events, shards, isFollowed })
        shapes[at]!.push(drained)
        if (isFollowed) many = drained
        console.error(JSON.stringify({ events, shards, ...drained }))
      }
    }
    drains.push({ events, ...comparison(shapes) })
  }
  const fresh = perRecord(many.fresh!, few.fresh!)
  const merger = { fresh, live: await mergerLive(small) }
  report(settings.name, METHOD, { runs, partitions, nodeFlags, runArgs, drains, merger })
} finally {
  rmSync(folder, { recursive: true, force: true })
  await cluster.stop()
}
process.exit()

async function loaded(count: number): Promise<string> {
  const topic = `orders-${count}`
  await cluster.makeTopic(topic, partitions)
  await load({ brokers: cluster.brokers, topic, partitions, count })
  return topic
}

interface Work {
  readonly cpuSeconds: number
  readonly records: number
}

interface Drained {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly mergerCpuSeconds: number
  readonly brokerCpuSeconds: number
  readonly peakMb: number
  readonly levelRecords: number
  readonly otherBusyCores: number
  /** Of a merger begun afterwards. */
  readonly fresh?: Work
}

async function drain(options: {
  readonly input: string
  readonly events: number
  readonly shards: number
  /** Whether a fresh merger is measured afterwards. */
  readonly isFollowed: boolean
}): Promise<Drained> {
  const { input, events, shards, isFollowed } = options
  const fleet = await openFleet(input)
  const others = othersMeter(cluster.pid)
  const brokerBefore = cpuSecondsOf(cluster.pid)
  const first = fleet.start(shards === 0 ? 'all' : 'merge')
  for (let shard = 0; shard < shards; shard++) fleet.start('shard')
  const engines = [first, ...fleet.shards]
  const last = await fleet.watcher.until(first, ({ applied }) => applied >= events)
  const used = engines.map((engine) => engine.use())
  const drained = {
    seconds: (last.arrivedMs - first.launchedMs) / 1000,
    cpuSeconds: sum(used.map(({ cpuSeconds }) => cpuSeconds)),
    mergerCpuSeconds: shards === 0 ? 0 : used[0]!.cpuSeconds,
    brokerCpuSeconds: cpuSecondsOf(cluster.pid) - brokerBefore,
    peakMb: sum(used.map(({ peakMb }) => peakMb)),
    otherBusyCores: others(),
  }
  await Promise.all(engines.map((engine) => engine.kill()))
  const levelRecords = shards === 0 ? 0 : await fleet.levelRecords()
  const fresh = isFollowed ? await freshMerger(fleet, levelRecords) : undefined
  await fleet.watcher.stop()
  return { ...drained, levelRecords, ...(fresh && { fresh }) }
}

async function freshMerger(fleet: ShardFleet, records: number): Promise<Work> {
  await whenQuiet(cluster.pid)
  const merger = fleet.start('merge')
  while (merger.logged(CAUGHT_UP) === undefined && !merger.hasEnded) await sleep(50)
  await sleep(LATER_MS)
  const { cpuSeconds } = merger.use()
  await merger.kill()
  return { cpuSeconds, records }
}

/** The merger under live load, beside as long without. */
async function mergerLive(warm: string) {
  const fleet = await openFleet(warm)
  const merger = fleet.start('merge')
  for (let shard = 0; shard < 2; shard++) fleet.start('shard')
  await fleet.watcher.until(merger, ({ applied }) => applied >= WARM_EVENTS)
  await sleep(SETTLE_MS)
  const quiet = await during(merger, fleet)
  const brokers = cluster.brokers
  const live = new LiveOrders({ brokers, topic: warm, partitions, rate, seconds: 2 * seconds })
  await sleep(SETTLE_MS)
  const others = othersMeter(cluster.pid)
  const busy = await during(merger, fleet)
  const otherBusyCores = others()
  await live.stop()
  await fleet.close([merger, ...fleet.shards])
  const cpuSecondsAMinute = (busy.cpuSeconds * 60) / seconds
  const idleCpuSecondsAMinute = (quiet.cpuSeconds * 60) / seconds
  return {
    rate,
    ...perRecord(busy, quiet),
    cpuSecondsAMinute,
    idleCpuSecondsAMinute,
    otherBusyCores,
  }
}

async function during(merger: Engine, fleet: ShardFleet): Promise<Work> {
  const records = await fleet.levelRecords()
  const { cpuSeconds } = merger.use()
  await sleep(seconds * 1000)
  const later = merger.use().cpuSeconds
  return { cpuSeconds: later - cpuSeconds, records: (await fleet.levelRecords()) - records }
}

function perRecord(more: Work, less: Work) {
  const records = more.records - less.records
  const cpuSeconds = more.cpuSeconds - less.cpuSeconds
  return { records, cpuSeconds, microsecondsARecord: (cpuSeconds / records) * 1e6 }
}

function openFleet(input: string): Promise<ShardFleet> {
  const output = `book-${fleets++}`
  return ShardFleet.open({ cluster, input, output, folder, nodeFlags, runArgs })
}

/** Each run's ratios by themselves, and the medians of all. */
function comparison(shapes: readonly (readonly Drained[])[]) {
  const [all, one, two] = shapes
  const ratios = all!.map((alone, run) => ({
    twoToOne: one![run]!.seconds / two![run]!.seconds,
    twoToAll: alone.seconds / two![run]!.seconds,
    oneToAll: alone.seconds / one![run]!.seconds,
  }))
  const named = { all: mediansOf(all!), oneShard: mediansOf(one!), twoShards: mediansOf(two!) }
  return { speed: mediansOf(ratios), ...named, each: shapes.map((runs) => runs.map(inShort)) }
}

function inShort({ seconds, cpuSeconds, otherBusyCores }: Drained) {
  return { seconds, cpuSeconds, otherBusyCores }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
