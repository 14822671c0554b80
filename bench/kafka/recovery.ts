/** `kill -9` of `run` under live orders, and the same command at once again: how soon it ticks, and what is missed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { median, report } from '../report.js'
import { startCluster } from './cluster.js'
import { CAUGHT_UP } from './engine.js'
import { LiveOrders } from './live.js'
import { othersMeter, whenQuiet } from './processes.js'
import { benchSettings } from './settings.js'
import { PARTITIONS, warmBook } from './warm-book.js'

const settings = benchSettings('kafka-recovery', ['kills', 'rate'])
const { nodeFlags, runArgs } = settings
const kills = settings.number('kills', 9)
const rate = settings.number('rate', 1_000)
/** Longer than a start takes, so that each kill hits a job that ticks. */
const BETWEEN_MS = 6_000
/** For the producer to start, and the first code to be compiled. */
const SETTLE_MS = 5_000
const METHOD = `A book of 20,000 events and ${rate} live ones a second; ${kills} times kill -9 and the same command at once, each kill in another ninth or so of the second, for the wait for the second is part of the figure. From the kill, as a read_committed consumer gets the messages; lostTicks are seconds without a message.`

const cluster = await startCluster()
try {
  await whenQuiet(cluster.pid)
  const seconds = (SETTLE_MS + kills * (BETWEEN_MS + 4_000)) / 1000
  const book = await warmBook(cluster, settings, 'recovery')
  const { brokers, pid } = cluster
  const topic = book.input
  const orders = new LiveOrders({ brokers, topic, partitions: PARTITIONS, rate, seconds })
  const others = othersMeter(pid)
  let { engine } = book
  await sleep(SETTLE_MS)
  const killed: { toTickMs: number; toReadyMs: number; lostTicks: number }[] = []
  for (let kill = 0; kill < kills; kill++) {
    await sleep(BETWEEN_MS)
    await sleep((1000 + (kill * 1000) / kills - (Date.now() % 1000)) % 1000)
    const last = book.watcher.ticks.at(-1)!
    const killedMs = Date.now()
    await engine.kill()
    engine = book.launch()
    const next = await book.watcher.until(engine, ({ tick }) => tick > last.tick)
    const toReadyMs = (engine.logged(CAUGHT_UP) ?? Number.NaN) - killedMs
    const lostTicks = next.tick - last.tick - 1
    killed.push({ toTickMs: next.arrivedMs - killedMs, toReadyMs, lostTicks })
    console.error(JSON.stringify(killed.at(-1)))
  }
  const otherBusyCores = others()
  const { ticks } = book.watcher
  report(settings.name, METHOD, {
    ...{ kills, rate, nodeFlags, runArgs, otherBusyCores },
    toTickMs: spread(killed.map(({ toTickMs }) => toTickMs)),
    toReadyMs: spread(killed.map(({ toReadyMs }) => toReadyMs)),
    lostTicks: killed.reduce((sum, { lostTicks }) => sum + lostTicks, 0),
    strictlyIncreasing: ticks.every(({ tick }, at) => at === 0 || tick > ticks[at - 1]!.tick),
  })
  await orders.stop()
  await book.stop(engine)
} finally {
  await cluster.stop()
}
process.exit()

function spread(values: readonly number[]) {
  return { median: median(values), max: Math.max(...values) }
}
