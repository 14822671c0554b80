/** `depthline run` under test: its three topics, its ticks, and what the oracle says they must hold. */
import { setTimeout } from 'node:timers/promises'
import { NaiveBook } from '../oracle/naive-book.js'
import { type CliOptions, type RunningCli, startCli } from './cli.js'
import { readAll, type StoredRecord, uniqueName } from './topics.js'

const WAIT_LIMIT_MS = 25_000

export interface RunTopics {
  readonly input: string
  readonly output: string
  readonly deadLetters: string
}

/** A message of the output topic with its headers read. */
export interface StoredTick {
  readonly tick: number
  readonly value: string
  /** By partition of the input. */
  readonly offsets: readonly number[]
  readonly missed: number
  readonly rejected: number
  readonly record: StoredRecord
}

/** The part of the summary that tests look at. */
export interface Summary {
  readonly ticks: number
  readonly missed: number
  readonly openOrders: number
  readonly records: number
  readonly applied: number
  readonly ignored: number
  readonly rejected: number
  readonly tombstones: number
  readonly byOutcome: Readonly<Record<string, number>>
}

export function runTopics(prefix: string): RunTopics {
  const name = uniqueName(prefix)
  return { input: `${name}-in`, output: `${name}-out`, deadLetters: `${name}-dead` }
}

/** Starts the job and waits until it says that it runs; it makes topics that are missing. */
export async function startRun(
  { input, output, deadLetters }: RunTopics,
  flags: readonly string[] = [],
  options: CliOptions = {},
): Promise<RunningCli> {
  const topics = ['--input', input, '--output', output, '--dead-letters', deadLetters]
  const job = startCli(['run', ...topics, ...flags], options)
  await job.logged('"msg":"running"')
  return job
}

/** Stops the job with one SIGINT; returns what it prints then. */
export async function stopRun(job: RunningCli): Promise<Summary> {
  const { code, stdout, stderr } = await job.stop('SIGINT')
  if (code !== 0) throw new Error(`run ended with ${code}: ${stderr}`)
  return JSON.parse(stdout)
}

export async function ticksOf(topic: string): Promise<StoredTick[]> {
  return (await readAll(topic)).map((record) => ({
    tick: Number(record.headers.tick),
    value: String(record.value),
    offsets: Object.values(JSON.parse(record.headers.offsets ?? '{}')).map(Number),
    missed: Number(record.headers.missed),
    rejected: Number(record.headers.rejected),
    record,
  }))
}

/** The first tick in the topic that `isWanted`, as soon as it is there. */
export async function tickWhere(
  topic: string,
  isWanted: (tick: StoredTick) => boolean,
): Promise<StoredTick> {
  for (const start = performance.now(); performance.now() - start < WAIT_LIMIT_MS; ) {
    const found = (await ticksOf(topic)).find(isWanted)
    if (found !== undefined) return found
    await setTimeout(100)
  }
  throw new Error(`the tick that the test waits for did not come into ${topic}`)
}

/** The first tick that holds so many records of the input. */
export function tickWithRecords(topic: string, records: number): Promise<StoredTick> {
  return tickWhere(topic, (tick) => recordsBelow(tick) >= records)
}

export function recordsBelow({ offsets }: StoredTick): number {
  return offsets.reduce((sum, offset) => sum + offset, 0)
}

/** The oracle after exactly the input below a tick's offsets. */
export function naiveBookBelow(input: readonly StoredRecord[], tick: StoredTick): NaiveBook {
  const book = new NaiveBook()
  for (const { partition, offset, value } of input) {
    if (offset < tick.offsets[partition]!) book.accept(value, partition)
  }
  return book
}
