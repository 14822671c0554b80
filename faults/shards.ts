/** `make chaos-shards`: shards and merger against replay, under chaos, and on three brokers, judged and kept as figures. */
import { startBroker } from '../src/testing/broker.js'
import { clusterKills } from './broker-cluster-kills.js'
import { endOnSignal } from './processes.js'
import { keepResult } from './results.js'
import { shardChaos } from './shard-chaos.js'
import { shardsEqualReplay } from './shard-equal.js'

const CHAOS_SECONDS = Number(process.env.CHAOS_SECONDS ?? 300)
const EQUAL_SECONDS = Number(process.env.EQUAL_SECONDS ?? 10)
const RATE = Number(process.env.RATE ?? 5_000)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

interface Played {
  readonly isKept: boolean
}

const SECTIONS: Readonly<Record<string, () => Promise<Played>>> = {
  async equal() {
    const sizes = { seed: SEED, shards: [1, 2, 4], seconds: EQUAL_SECONDS }
    const played = await onBroker((brokers) => shardsEqualReplay({ brokers, ...sizes }))
    return keep('equal', { EQUAL_SECONDS, SEED }, played)
  },
  async chaos() {
    const sizes = { seconds: CHAOS_SECONDS, rate: RATE, seed: SEED }
    const played = await onBroker((brokers) => shardChaos({ brokers, ...sizes }))
    return keep('chaos', { CHAOS_SECONDS, RATE, SEED }, played)
  },
  async brokers() {
    const load = { rate: RATE, seed: SEED }
    const all = await clusterKills({ ...load, roles: ['all'] })
    const shards = await clusterKills({ ...load, roles: ['shard', 'shard', 'merge', 'merge'] })
    const isKept = all.isKept && shards.isKept
    return keep('brokers', { RATE, SEED }, { all, shards, isKept })
  },
}

async function onBroker<T>(play: (brokers: string) => Promise<T>): Promise<T> {
  const broker = await startBroker({ jvmFlags: ['-Xms512m', '-Xmx1g'] })
  endOnSignal(broker)
  try {
    return await play(broker.brokers)
  } finally {
    await broker.stop()
  }
}

const wanted = process.argv.slice(2)
const names = wanted.length > 0 ? wanted : Object.keys(SECTIONS)
const unknown = names.filter((name) => SECTIONS[name] === undefined)
if (unknown.length > 0) {
  console.error(`no section ${unknown}; there are ${Object.keys(SECTIONS)}`)
  process.exit(2)
}
let isKept = true
for (const name of names) {
  const played = await SECTIONS[name]!()
  isKept &&= played.isKept
}
process.exit(isKept ? 0 : 1)

function keep<T extends Played>(name: string, sizes: Record<string, number>, result: T): T {
  keepResult(`shards-${name}`, `chaos-shards SECTIONS=${name}`, sizes, result)
  console.log(JSON.stringify(result, null, 2))
  return result
}
