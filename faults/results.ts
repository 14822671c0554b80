/** Results of a section: kept as JSON with the machine and the command, printed as a table. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { depthlineVersion } from './processes.js'
import type { SectionResult } from './sections.js'

/** Writes output/faults/NAME.json; FAULTS_RESULTS names another folder, such as docs/faults to keep it. */
export function keepResult(
  name: string,
  target: string,
  sizes: Readonly<Record<string, number>>,
  result: object,
): void {
  const folder =
    process.env.FAULTS_RESULTS ?? new URL('../output/faults/', import.meta.url).pathname
  const settings = Object.entries(sizes).map(([variable, value]) => `${variable}=${value}`)
  const flags = process.env.RUN_FLAGS === undefined ? [] : [`RUN_FLAGS="${process.env.RUN_FLAGS}"`]
  const kept = {
    name,
    date: new Date().toISOString().slice(0, 10),
    command: [...settings, ...flags, `make ${target}`].join(' '),
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      // Of the last five minutes: how much else ran there, for recovery is slower then.
      loadAverage: loadavg()[1],
    },
    versions: {
      depthline: depthlineVersion(),
      commit: commit(),
      node: process.version,
      kafka: kafkaVersion(),
    },
    ...result,
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${name}.json`, `${compact(kept)}\n`)
}

export function printTable(results: Readonly<Record<string, SectionResult>>): void {
  const rows = Object.entries(results).map(([name, { figures, verdict, failures, isKept }]) => ({
    section: name,
    trials: figures.trials,
    'median ms': figures.medianMs,
    'worst ms': figures.worstMs,
    ticks: verdict.ticks,
    verified: verdict.verified,
    wrong: verdict.wrong,
    twice: verdict.duplicate,
    missed: verdict.missed,
    reported: verdict.missedReported,
    'dead letters': verdict.deadLetters,
    'lost events': verdict.lostEvents,
    failures: failures.length,
    kept: isKept,
  }))
  console.table(Object.fromEntries(rows.map(({ section, ...row }) => [section, row])))
  for (const [name, { figures, verdict, failures }] of Object.entries(results)) {
    for (const detail of [figures.byPoint, figures.byFault]) if (detail) console.table(detail)
    for (const text of [...verdict.findings, ...failures]) console.log(`${name}: ${text}`)
  }
}

/** Lists of numbers on one line, so that a hundred trials are not a hundred lines. */
function compact(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/\[[\d\s,.null]+\]/g, (list) =>
    list.replace(/\s+/g, ' '),
  )
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

function kafkaVersion(): string {
  const pom = readFileSync(new URL('../docker/kafka/pom.xml', import.meta.url), 'utf8')
  return /kafka_2\.13<[\s\S]*?<version>([^<]+)/.exec(pom)?.[1] ?? 'unknown'
}
