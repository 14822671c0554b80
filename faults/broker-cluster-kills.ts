/** kill -9 of one broker of three under load, and its start again: what it coordinates or leads is chosen. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BrokerCluster, startBrokerCluster } from '../src/testing/broker-cluster.js'
import { readWhole } from '../src/testing/plain-topic.js'
import { Fleet, type FleetVerdict, type Role } from './fleet.js'
import { note } from './sections.js'

const PARTITIONS = 8
/** How long a broker stays dead: longer than Kafka takes to notice. */
const DOWN_MS = 20_000
const AFTER_MS = 5_000
const TICK_LIMIT_MS = 90_000

export interface ClusterKill {
  /** What the broker was when it was killed. */
  readonly of: string
  readonly node: number
  /** From the kill on, until it had been back for a while: seconds without a tick, in all and at most in a row. */
  readonly missed: number
  readonly longestGapS: number
  readonly staleTicks: number
  /** Until all partitions had all copies again. */
  readonly backInSyncMs: number
}

export interface ClusterKillsResult {
  readonly kills: readonly ClusterKill[]
  readonly verdict: FleetVerdict
  readonly failures: readonly string[]
  readonly isKept: boolean
}

export interface ClusterKillsOptions {
  readonly rate: number
  readonly seed: number
  readonly roles: readonly Role[]
  /** Of the brokers, such as their session's length. */
  readonly settings?: Readonly<Record<string, string>>
}

type Choice = (cluster: BrokerCluster, fleet: Fleet) => Promise<number>

const CHOICES: Readonly<Record<string, Choice>> = {
  'leader of the output': (cluster, { output }) => cluster.leader(output, 0),
  'coordinator of the ticks’ transactions': (cluster, { output }) =>
    cluster.coordinator('transaction', `depthline.${output}`),
  'coordinator of the shards’ group': (cluster, { output }) =>
    cluster.coordinator('group', `${output}.shards`),
  'coordinator of a shard’s transactions': (cluster, { output }) =>
    cluster.coordinator('transaction', `depthline.${output}.shard.0`),
}
const OF_SHARDS_ALONE = 2

export async function clusterKills(options: ClusterKillsOptions): Promise<ClusterKillsResult> {
  const { roles, rate, seed, settings } = options
  const cluster = await startBrokerCluster(settings)
  try {
    const { brokers } = cluster
    const wanted = { brokers, name: 'cluster', partitions: PARTITIONS, copies: 3, rate, seed }
    const fleet = await Fleet.open(wanted, roles)
    const all = Object.entries(CHOICES)
    const choices = roles.includes('shard') ? all : all.slice(0, -OF_SHARDS_ALONE)
    const spans: Span[] = []
    for (const [of, choose] of choices) spans.push(await killOne(cluster, fleet, of, choose))
    const { isKept, ...verdict } = await fleet.close()
    const kills = await withGaps(fleet, spans)
    const { failures } = fleet
    return { kills, verdict: { ...verdict, isKept }, failures, isKept }
  } finally {
    await cluster.stop()
  }
}

interface Span {
  readonly of: string
  readonly node: number
  readonly fromMs: number
  readonly toMs: number
  readonly backInSyncMs: number
}

async function killOne(
  cluster: BrokerCluster,
  fleet: Fleet,
  of: string,
  choose: Choice,
): Promise<Span> {
  const node = await choose(cluster, fleet)
  await sleep(Math.random() * 1_000)
  const fromMs = Date.now()
  await cluster.nodes.get(node)!.kill()
  await sleep(DOWN_MS)
  await fleet.watcher.renew()
  await untilTicks(fleet, `${of} dead`)
  const restartedMs = Date.now()
  await cluster.nodes.get(node)!.restart()
  await cluster.whole()
  const backInSyncMs = Date.now() - restartedMs
  await sleep(AFTER_MS)
  await fleet.watcher.renew()
  await untilTicks(fleet, `${of} back`)
  note(`${of}: node ${node} killed, back in sync ${backInSyncMs} ms after its start`)
  return { of, node, fromMs, toMs: Date.now(), backInSyncMs }
}

async function untilTicks(fleet: Fleet, what: string): Promise<void> {
  await fleet.watcher
    .where(({ tick, isStale }) => tick * 1000 > Date.now() - 1_000 && !isStale, TICK_LIMIT_MS)
    .catch(() => fleet.fail(`${what}: no tick that is not stale in ${TICK_LIMIT_MS / 1000} s`))
}

/** What the ticks themselves say of the time of each kill. */
async function withGaps(fleet: Fleet, spans: readonly Span[]): Promise<ClusterKill[]> {
  const ticks = (await readWhole(fleet.kafka, fleet.output)).map(({ headers }) => ({
    atMs: Number(headers.tick) * 1000,
    missed: Number(headers.missed),
    isStale: headers.stale !== undefined,
  }))
  return spans.map(({ of, node, fromMs, toMs, backInSyncMs }) => {
    const within = ticks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    const missed = within.map((tick) => tick.missed)
    return {
      ...{ of, node, backInSyncMs },
      missed: missed.reduce((sum, count) => sum + count, 0),
      longestGapS: Math.max(0, ...missed),
      staleTicks: within.filter(({ isStale }) => isStale).length,
    }
  })
}
