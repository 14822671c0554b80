/** 1, 2 and 4 shards with a merger: the last message of each must be what `replay` prints of the same input. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plainKafka, readWhole } from '../src/testing/plain-topic.js'
import { Fleet, type FleetVerdict, type Role } from './fleet.js'
import { CLI } from './processes.js'
import { note } from './sections.js'

export interface EqualResult {
  readonly trials: readonly {
    readonly shards: number
    /** The last message equals that of `replay`, byte for byte. */
    readonly isEqual: boolean
    readonly bytes: number
    readonly verdict: FleetVerdict
  }[]
  readonly failures: readonly string[]
  readonly isKept: boolean
}

const PARTITIONS = 8
const RATE = 5_000

export async function shardsEqualReplay(options: {
  readonly brokers: string
  readonly seed: number
  /** Numbers of shard processes to try. */
  readonly shards: readonly number[]
  /** Of load for each of them. */
  readonly seconds: number
}): Promise<EqualResult> {
  const trials: EqualResult['trials'][number][] = []
  const failures: string[] = []
  for (const shards of options.shards) {
    const wanted = { ...options, name: `equal-${shards}`, partitions: PARTITIONS, rate: RATE }
    const roles: Role[] = [...Array.from({ length: shards }, (): Role => 'shard'), 'merge']
    const fleet = await Fleet.open(wanted, roles)
    await fleet.watcher.where(({ offsets }) => sum(offsets) > RATE * options.seconds, 120_000)
    const verdict = await fleet.close()
    const kafka = plainKafka(options.brokers)
    const last = (await readWhole(kafka, fleet.output)).at(-1)!
    const expected = await replayed(kafka, fleet.input)
    const isEqual = expected.equals(Buffer.concat([last.value!, Buffer.from('\n')]))
    trials.push({ shards, isEqual, bytes: expected.length, verdict })
    failures.push(...fleet.failures)
    note(`${shards} shards: ${isEqual ? 'equal' : 'DIFFERENT'}, ${verdict.events} events`)
  }
  const isKept = trials.every(({ isEqual, verdict }) => isEqual && verdict.isKept)
  return { trials, failures, isKept }
}

/** What `replay` prints after the last record. */
async function replayed(kafka: ReturnType<typeof plainKafka>, input: string): Promise<Buffer> {
  // A tombstone is no line of a file; it changes no book.
  const records = (await readWhole(kafka, input)).filter(({ value }) => value !== null)
  const folder = mkdtempSync(join(tmpdir(), 'depthline-equal-'))
  try {
    const file = join(folder, 'events')
    writeFileSync(file, records.map(({ value }) => `${oneLine(value!)}\n`).join(''), 'latin1')
    const args = [CLI, 'replay', file, '--events-per-tick', String(records.length)]
    return execFileSync(process.execPath, args, { maxBuffer: 2 ** 30 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A broken record may span lines; it is rejected with other white space as well. */
function oneLine(value: Buffer): string {
  return value.toString('latin1').replaceAll('\n', ' ')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
