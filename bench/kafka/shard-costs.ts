/** What a shard costs while nothing happens, and for how long partitions are stale when the members change. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../report.js'
import { startCluster } from './cluster.js'
import type { Engine } from './engine.js'
import { WARM_EVENTS } from './events.js'
import { load } from './load.js'
import { mediansOf } from './medians.js'
import { othersMeter, whenQuiet } from './processes.js'
import { benchSettings } from './settings.js'
import { ShardFleet } from './shard-fleet.js'

const settings = benchSettings('kafka-shard-costs', ['partitions', 'idle-seconds', 'runs'])
const { nodeFlags, runArgs } = settings
const partitionings = settings.numbers('partitions', [1, 4, 8])
const idleSeconds = settings.number('idle-seconds', 30)
const runs = settings.number('runs', 3)
const REBALANCED_PARTITIONS = 8
const SETTLE_MS = 5_000
const METHOD =
  `idle: one shard process with all partitions of a topic of ${WARM_EVENTS} events and a merger, ${idleSeconds} s without events: CPU-seconds a minute. ` +
  `rebalances: two shard processes with ${REBALANCED_PARTITIONS} partitions between them and a merger; one is killed with -9, one stopped with SIGTERM, one more is started. staleS: the age of the oldest part in any tick; staleTicks: ticks with the header; untilFreshMs: from the signal (or launch) to the arrival of the last such tick's successor, 0 where no tick was stale; missed: seconds without a tick.`

const cluster = await startCluster()
const folder = mkdtempSync(join(tmpdir(), 'depthline-shard-costs-'))
try {
  const idle: Record<string, unknown>[] = []
  for (const partitions of partitionings) {
    await whenQuiet(cluster.pid)
    idle.push({ partitions, ...(await idleCost(partitions)) })
    console.error(JSON.stringify(idle.at(-1)))
  }
  const input = await loaded('orders-rebalance', REBALANCED_PARTITIONS)
  const changes: Record<string, Change[]> = {}
  for (let run = 0; run < runs; run++) {
    await whenQuiet(cluster.pid)
    for (const [name, change] of Object.entries(await rebalances(input, run))) {
      changes[name] = [...(changes[name] ?? []), change]
      console.error(name, JSON.stringify(change))
    }
  }
  const medians = Object.entries(changes).map(([name, each]) => [name, mediansOf(each)])
  const figures = { idle, rebalances: Object.fromEntries(medians), each: changes }
  report(settings.name, METHOD, { runs, nodeFlags, runArgs, ...figures })
} finally {
  rmSync(folder, { recursive: true, force: true })
  await cluster.stop()
}
process.exit()

async function loaded(topic: string, partitions: number): Promise<string> {
  await cluster.makeTopic(topic, partitions)
  await load({ brokers: cluster.brokers, topic, partitions, count: WARM_EVENTS })
  return topic
}

async function idleCost(partitions: number) {
  const input = await loaded(`orders-idle-${partitions}`, partitions)
  const fleet = await openFleet(input, `book-idle-${partitions}`)
  const merger = fleet.start('merge')
  const shard = fleet.start('shard')
  await fleet.watcher.until(merger, ({ applied }) => applied >= WARM_EVENTS)
  await sleep(SETTLE_MS)
  const others = othersMeter(cluster.pid)
  const before = [shard, merger].map((engine) => engine.use().cpuSeconds)
  await sleep(idleSeconds * 1000)
  const [shards, mergers] = [shard, merger].map((engine, at) => {
    return ((engine.use().cpuSeconds - before[at]!) * 60) / idleSeconds
  })
  const peakMb = shard.use().peakMb
  await fleet.close([merger, shard])
  return {
    shardCpuSecondsAMinute: shards,
    mergerCpuSecondsAMinute: mergers,
    ...{ peakMb, otherBusyCores: others() },
  }
}

interface Change {
  readonly untilFreshMs: number
  readonly staleS: number
  readonly staleTicks: number
  readonly missed: number
}

async function rebalances(input: string, run: number): Promise<Record<string, Change>> {
  const fleet = await openFleet(input, `book-rebalance-${run}`)
  const merger = fleet.start('merge')
  const first = fleet.start('shard')
  const second = fleet.start('shard')
  await fleet.watcher.until(merger, ({ applied }) => applied >= WARM_EVENTS)
  const killed = await changeOf(fleet, merger, () => first.kill())
  let third = second
  const added = await changeOf(fleet, merger, async () => {
    third = fleet.start('shard')
  })
  const stopped = await changeOf(fleet, merger, async () => {
    second.signalAll('SIGTERM')
    await second.whenEnded()
  })
  await fleet.close([merger, third])
  return { killed, added, stopped }
}

/** From the change to when nothing has been stale for longer than a session lasts. */
async function changeOf(
  fleet: ShardFleet,
  merger: Engine,
  change: () => Promise<void>,
): Promise<Change> {
  const QUIET_TICKS = 10
  const { ticks } = fleet.watcher
  await sleep(SETTLE_MS + Math.random() * 1000)
  await fleet.watcher.until(merger, (tick) => tick === ticks.at(-1) && tick.staleS === 0)
  const from = ticks.length
  const changedMs = Date.now()
  await change()
  await fleet.watcher.until(merger, () => {
    const fresh = ticks.slice(from).slice(-QUIET_TICKS)
    return fresh.length === QUIET_TICKS && fresh.every(({ staleS }) => staleS === 0)
  })
  const within = ticks.slice(from)
  const staleTicks = within.filter(({ staleS }) => staleS > 0)
  const lastStale = within.findLastIndex(({ staleS }) => staleS > 0)
  const spanned = within.at(-1)!.tick - ticks[from - 1]!.tick
  return {
    untilFreshMs: lastStale < 0 ? 0 : within[lastStale + 1]!.arrivedMs - changedMs,
    staleS: Math.max(...within.map(({ staleS }) => staleS)),
    staleTicks: staleTicks.length,
    missed: spanned - within.length,
  }
}

function openFleet(input: string, output: string): Promise<ShardFleet> {
  return ShardFleet.open({ cluster, input, output, folder, nodeFlags, runArgs })
}
