/** Depthline beside Flink, Spark, a prototype and KafkaJS alone: the same work, interleaved, each output checked. */
import { existsSync, readFileSync } from 'node:fs'
import { type BenchCluster, startCluster } from '../kafka/cluster.js'
import { mediansOf } from '../kafka/medians.js'
import { whenQuiet } from '../kafka/processes.js'
import { report } from '../report.js'
import { drain } from './drain.js'
import { chosenEngines, NODE_FLAGS, type PeerEngine, WORKER_ARGS } from './engines.js'
import { live } from './live.js'
import { buildLab, buildLiveFiles } from './workshop.js'

type Figures = Record<string, unknown> & { readonly otherBusyCores: number }

interface PeerTest {
  readonly name: string
  /** Once through without counting: a broker just started compiles its code in the first few drains. */
  readonly isWarmed: boolean
  isFor(engine: PeerEngine): boolean
  measure(cluster: BenchCluster, engine: PeerEngine, run: number): Promise<Figures>
}

const RUNS = Number(process.env.RUNS ?? 3)
const NAME = process.env.NAME ?? 'peers'
const LIVE_S = Number(process.env.LIVE_S ?? 60)
const STANDARD = 'drain-1000000 drain-5000000 ticks-100 ticks-10000 recover-1000'
/** Cores that others use; a run above it is done again, once. */
const DISTURBED = 0.2
const METHOD =
  'Every engine on the same broker and the same events, one after the other in each run; each final book compared with exact arithmetic (lab watch, read_committed). ' +
  'drain: from launch to the arrival of the first message with the final book, so up to a second late; a first run of all is not counted, as a broker just started compiles its code; the launches of the runs are spread evenly over the second, the same moments for every engine; WithoutStart from the first record (Flink, prototype, bare KafkaJS), the start of the query (Spark) or the log line «caught up» (depthline). ' +
  'ticks: a book of 20,000 events, 12 s, then LIVE_S seconds live with a probe order each 173 ms; recover: kill -9 after 20 of them. bare-kafkajs reads and does nothing. Flink with parallelism 2, Spark local[2], both with 2 GB of heap (Flink 3 GB at 5 M).'

const tests = (process.env.TESTS ?? STANDARD).split(/[\s,]+/).map(testOf)
buildLab()
buildLiveFiles()
const engines = chosenEngines()
const cluster = await startCluster()
try {
  for (const test of tests) {
    const engineRuns = new Map<string, Figures[]>()
    for (let run = test.isWarmed ? -1 : 0; run < RUNS; run++) {
      for (const engine of engines.filter(test.isFor)) {
        const figures = await measureQuietly(test, engine, run)
        console.error(test.name, engine.name, run < 0 ? 'not counted' : '', JSON.stringify(figures))
        if (run < 0) continue
        engineRuns.set(engine.name, [...(engineRuns.get(engine.name) ?? []), figures])
      }
    }
    keep(test, engineRuns)
  }
} finally {
  await cluster.stop()
}
process.exit()

function testOf(name: string): PeerTest {
  const [, kind, number] = /^(drain|ticks|recover)-(\d+)$/.exec(name) ?? []
  const count = Number(number)
  const isLive = (engine: PeerEngine) => engine.isBare !== true
  if (kind === 'drain') {
    const measure = (cluster: BenchCluster, engine: PeerEngine, run: number) => {
      return drain(cluster, engine, { events: count, run, runs: RUNS })
    }
    return { name, isWarmed: true, isFor: () => true, measure }
  }
  if (kind === undefined) throw new Error(`TESTS: ${name} is none like ${STANDARD}`)
  const isKilled = kind === 'recover'
  return {
    name,
    isWarmed: false,
    isFor: (engine) => isLive(engine) && !(isKilled && engine.isStateless),
    measure: (cluster, engine, run) => {
      // The kill comes after 20 s, and there must be time to recover in.
      const seconds = isKilled ? Math.max(LIVE_S, 40) : LIVE_S
      return live(cluster, engine, { rate: count, seconds, isKilled, run })
    },
  }
}

/** Waits for quiet, and tries once more where it did not last; what was left of the noise is in the figures. */
async function measureQuietly(test: PeerTest, engine: PeerEngine, run: number): Promise<Figures> {
  await whenQuiet(cluster.pid)
  const first = await attempt(test, engine, run)
  if (first.otherBusyCores <= DISTURBED || process.env.QUIET_S === '0') return first
  console.error(`${test.name} ${engine.name} was disturbed (${first.otherBusyCores} cores): again`)
  await whenQuiet(cluster.pid)
  const second = await attempt(test, engine, run + RUNS)
  return second.otherBusyCores < first.otherBusyCores ? second : first
}

/** An engine that fails does not end the measurement of the others. */
async function attempt(test: PeerTest, engine: PeerEngine, run: number): Promise<Figures> {
  try {
    return await test.measure(cluster, engine, run)
  } catch (error) {
    return { failed: (error as Error).message, otherBusyCores: 0 }
  }
}

/** After each test, so that what took an hour is not lost; tests of an earlier run stay, with their date. */
function keep(test: PeerTest, engineRuns: ReadonlyMap<string, readonly Figures[]>): void {
  const file = new URL(`../results/${NAME}.json`, import.meta.url)
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).tests : {}
  const summaries = [...engineRuns].map(([name, runs]) => {
    const whole = runs.filter(({ failed }) => failed === undefined)
    const failures = runs.flatMap(({ failed }) => failed ?? [])
    const disturbed = runs.filter(({ otherBusyCores }) => otherBusyCores > DISTURBED).length
    return [name, { ...mediansOf(whole), runs: whole.length, disturbed, failures }]
  })
  const date = new Date().toISOString().slice(0, 10)
  const { RUN_ARGS = '' } = process.env
  const options = {
    RUNS,
    NODE_FLAGS: NODE_FLAGS.join(' '),
    RUN_ARGS,
    WORKER_ARGS: WORKER_ARGS.join(' '),
    LIVE_S,
  }
  const engines = Object.fromEntries(summaries)
  report(NAME, METHOD, { tests: { ...before, [test.name]: { date, options, engines } } })
}
