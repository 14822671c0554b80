/** Runs the simulated exchanges until SIGTERM or Ctrl-C; prints the environment that leads depthline to them. */
// From a script start it with `node --import tsx`: npx does not pass a signal on.
import { parseArgs } from 'node:util'
import { startSimulatedExchanges } from '../src/testing/exchanges/simulated-exchanges.js'

const USAGE =
  'node --import tsx scripts/simulated-exchanges.ts [--host ADDRESS (default 127.0.0.1)] [--port N (the control; the exchanges take the four after it)] [--seed N] [--levels N (a side, up to 50000)]'

const exchanges = await startSimulatedExchanges(flags())
for (const [name, value] of Object.entries(exchanges.environment())) console.log(`${name}=${value}`)
console.log(`SIMULATED_EXCHANGES_FAULTS=${exchanges.controlUrl}`)
console.error('simulated exchanges, not real ones: every price is made up')
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void exchanges.stop())
}

function flags() {
  try {
    const { values } = parseArgs({
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '0' },
        seed: { type: 'string', default: '1' },
        levels: { type: 'string', default: '5000' },
      },
    })
    return {
      host: values.host,
      port: whole(values.port, 0, 65_531),
      seed: whole(values.seed, 0, 2 ** 32 - 1),
      levels: whole(values.levels, 2, 50_000),
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
    return process.exit(2)
  }
}

function whole(text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new Error(`expected a whole number from ${min} to ${max}, got "${text}"`)
}
