/** `make faults`: kills, stops and network faults under load on a broker of its own, judged and kept as figures. */
import { startBroker } from '../src/testing/broker.js'
import { brokerKills } from './broker-kills.js'
import { randomKills, targetedKills } from './kills.js'
import { networkFaults } from './network.js'
import { endOnSignal } from './processes.js'
import { keepResult, printTable } from './results.js'
import type { SceneOptions } from './scene.js'
import type { SectionResult } from './sections.js'
import { takeovers } from './takeovers.js'

/** An environment variable sets how many trials of a section there are; 0 leaves it out. */
const SECTIONS: Readonly<Record<string, Section>> = {
  kills: { variable: 'KILLS', trials: 100, play: randomKills },
  points: {
    variable: 'TARGETED',
    trials: 10,
    play: (options, count) => targetedKills(options, count, ONLY),
  },
  takeovers: { variable: 'TAKEOVERS', trials: 20, play: takeovers },
  broker: { variable: 'BROKER_KILLS', trials: 20, play: brokerKills },
  network: {
    variable: 'NETWORK',
    trials: 5,
    play: (options, count) => networkFaults(options, count, ONLY),
  },
}
/** ONLY narrows the sections `points` and `network` down to some of their names. */
const ONLY = process.env.ONLY?.split(',')

interface Section {
  readonly variable: string
  readonly trials: number
  readonly play: (options: SceneOptions, trials: number) => Promise<SectionResult>
}

const wanted = process.argv.slice(2)
const names = wanted.length > 0 ? wanted : Object.keys(SECTIONS)
const unknown = names.filter((name) => SECTIONS[name] === undefined)
if (unknown.length > 0) {
  console.error(`no section ${unknown}; there are ${Object.keys(SECTIONS)}`)
  process.exit(2)
}

const broker = await startBroker()
endOnSignal(broker)
const results: Record<string, SectionResult> = {}
try {
  for (const name of names) {
    const { variable, trials, play } = SECTIONS[name]!
    const count = numberFrom(variable, trials)
    if (count === 0) continue
    const seed = numberFrom('SEED', Date.now() % 1_000_000)
    const orders = numberFrom('ORDERS', 100_000)
    const runFlags = (process.env.RUN_FLAGS ?? '').split(' ').filter((flag) => flag !== '')
    console.error(`section ${name}: ${count} trials over ${orders} open orders, seed ${seed}`)
    const result = await play({ broker, name, orders, seed, runFlags }, count)
    results[name] = result
    const sizes = { [variable]: count, ORDERS: orders, SEED: seed }
    keepResult(name, `faults SECTIONS=${name}`, sizes, result)
  }
} finally {
  await broker.stop()
}
printTable(results)
process.exit(Object.values(results).every(({ isKept }) => isKept) ? 0 : 1)

function numberFrom(variable: string, usual: number): number {
  const given = process.env[variable]
  if (given === undefined) return usual
  if (/^\d{1,9}$/.test(given)) return Number(given)
  console.error(`${variable} must be a whole number, not "${given}"`)
  process.exit(2)
}
