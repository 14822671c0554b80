/** `make exchange-faults`: kill -9 of poll and analyse on a broker of its own, judged and kept as figures. */
import { startBroker } from '../src/testing/broker.js'
import { exchangeKills } from './exchange-kills.js'
import { endOnSignal } from './processes.js'
import { keepResult } from './results.js'

const kills = Number(process.env.KILLS ?? 20)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const levels = Number(process.env.LEVELS ?? 500)
const broker = await startBroker()
endOnSignal(broker)
try {
  const result = await exchangeKills({ brokers: broker.brokers, kills, seed, levels })
  keepResult(
    'exchange-kills',
    'exchange-faults',
    { KILLS: kills, SEED: seed, LEVELS: levels },
    result,
  )
  console.log(JSON.stringify(result, null, 2))
  process.exitCode = result.isKept ? 0 : 1
} finally {
  await broker.stop()
}
process.exit()
