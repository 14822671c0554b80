/** As many simulations as one likes on all cores, or one with its trace: see `make simulate` and `make simulate-shards`. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Coverage } from '../src/testing/simulation/coverage.js'
import { simulateShards } from '../src/testing/simulation/shards/simulate-shards.js'
import { simulate as simulateOne } from '../src/testing/simulation/simulate.js'

/** Shards and merger, or one process. */
const IS_SHARDED = process.env.ROLE === 'shard'
const NAME = IS_SHARDED ? 'shard-simulation' : 'simulation'
const TARGET = IS_SHARDED ? 'simulate-shards' : 'simulate'
const simulate = IS_SHARDED ? simulateShards : simulateOne

/** FAULTS_RESULTS names another folder, such as docs/faults to keep the result. */
const FOLDER =
  process.env.FAULTS_RESULTS ?? fileURLToPath(new URL('../output/faults/', import.meta.url))
/** So many seeds a child does between two messages. */
const PORTION = 50
const SHOWN_FAILURES = 20

interface Portion {
  readonly done: number
  readonly coverage: Readonly<Record<string, number>>
  readonly virtualMs: number
  readonly failures: readonly Failure[]
}

interface Failure {
  readonly seed: number
  readonly traceHash: string
  readonly violations: readonly string[]
}

async function main(): Promise<void> {
  const { SEED, SEEDS = '10000', FIRST = '1' } = process.env
  if (process.send !== undefined) return serve()
  if (SEED !== undefined && SEED !== '') return replay(Number(SEED))
  await spread(Number(FIRST), Number(SEEDS))
}

async function replay(seed: number): Promise<void> {
  const { trace, traceHash, violations } = await simulate(seed, { isTraced: true })
  for (const line of trace) console.log(line)
  console.log(`seed ${seed}, trace ${traceHash}: ${violations.join('\n') || 'everything holds'}`)
  if (violations.length > 0) process.exitCode = 1
}

/** In a child: a portion for each message that asks for one. */
function serve(): void {
  process.on('message', async (first: number) => {
    const coverage = new Coverage()
    const failures: Failure[] = []
    let virtualMs = 0
    for (let seed = first; seed < first + PORTION; seed++) {
      const simulation = await simulate(seed)
      const { traceHash, violations } = simulation
      coverage.add(simulation.coverage)
      virtualMs += simulation.virtualMs
      if (violations.length > 0) failures.push({ seed, traceHash, violations })
    }
    process.send!({ done: PORTION, coverage: coverage.sorted(), virtualMs, failures })
  })
}

async function spread(first: number, seeds: number): Promise<void> {
  const started = performance.now()
  const coverage = new Coverage()
  const failures: Failure[] = []
  const total = { asked: 0, done: 0, virtualMs: 0 }
  const take = (portion: Portion) => {
    coverage.add(portion.coverage)
    failures.push(...portion.failures)
    total.done += portion.done
    total.virtualMs += portion.virtualMs
    for (const { seed, violations } of portion.failures) {
      console.log(`\nmake ${TARGET} SEED=${seed}: ${violations[0]}`)
    }
    const seconds = Math.round((performance.now() - started) / 1000)
    const progress = `${total.done} of ${seeds} seeds, ${seconds} s, ${failures.length} failed`
    if (process.stderr.isTTY) process.stderr.write(`\r${progress}`)
  }
  const work = (child: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        if (total.asked >= seeds) return child.disconnect()
        child.send(first + total.asked)
        total.asked += PORTION
      }
      child.on('message', (portion: Portion) => {
        take(portion)
        next()
      })
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))))
      next()
    })
  const children = Array.from({ length: availableParallelism() }, () => fork(import.meta.filename))
  await Promise.all(children.map(work))
  keep(first, total, { coverage, failures, seconds: (performance.now() - started) / 1000 })
}

function keep(
  first: number,
  { done, virtualMs }: { done: number; virtualMs: number },
  found: { coverage: Coverage; failures: readonly Failure[]; seconds: number },
): void {
  const { coverage, failures, seconds } = found
  const result = {
    date: new Date().toISOString().slice(0, 10),
    ...{ firstSeed: first, seeds: done, failed: failures.length, seconds: Math.round(seconds) },
    virtualHours: Math.round(virtualMs / 3_600_000),
    failures: failures.slice(0, SHOWN_FAILURES),
    happened: coverage.sorted(),
  }
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, `${NAME}.json`), `${JSON.stringify(result, null, 2)}\n`)
  console.log(`\n${JSON.stringify(result, null, 2)}`)
  if (failures.length > 0) process.exitCode = 1
}

await main()
