/** `make chaos`: a minute of the live ladder while the processor is killed with -9 every few seconds, then judged. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startBroker } from '../src/testing/broker.js'
import { Depthline, endOnSignal } from './processes.js'
import { Scene } from './scene.js'

const DURATION = Number(process.env.DURATION ?? 60)
const KILL_EVERY = Number(process.env.KILL_EVERY ?? 5)
/** Lines below the ladder for what is said about the kills. */
const LINES_BELOW = 3

console.error('chaos: starting a broker, 2,000 open orders and 100 events a second')
const broker = await startBroker()
endOnSignal(broker)
const scene = await Scene.open({ broker, name: 'chaos', orders: 2_000, seed: 1, runFlags: [] })
const book = new Depthline(['book', '--topic', scene.output, ...height()], env(), 'inherit')
const endMs = Date.now() + DURATION * 1000
let kills = 0
while (Date.now() + KILL_EVERY * 1000 <= endMs) {
  // Not always in the same part of a second.
  await sleep(KILL_EVERY * 1000 + Math.random() * 1000)
  const { pid } = scene.leader
  await scene.leader.stop('SIGKILL')
  scene.replaceLeader()
  console.error(`kill -9 ${pid} (${++kills}), started again as ${scene.leader.pid}`)
}
await scene.recovery('at the end', Date.now())
await book.stop()
const { isKept, ...verdict } = await scene.close()
await broker.stop()
for (const text of [...verdict.findings, ...scene.failures]) console.error(text)
const missed =
  verdict.missed === verdict.missedReported
    ? `${verdict.missed} missed and reported`
    : `${verdict.missed} missed, ${verdict.missedReported} reported`
const { ticks, verified, wrong } = verdict
console.log(`${ticks} ticks, ${verified} verified, ${wrong} wrong, ${missed}`)
process.exit(isKept ? 0 : 1)

function height(): string[] {
  const { rows } = process.stdout
  return rows === undefined ? [] : ['--height', String(Math.max(5, rows - LINES_BELOW))]
}

function env(): Record<string, string> {
  return { KAFKA_BROKERS: broker.brokers, TERM: process.env.TERM ?? 'dumb' }
}
