/** How fast one thread reads and applies events, and that closed orders take no memory. */
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { OrderGenerator } from '../src/jobs/order-generator.js'
import { median, report } from './report.js'

const MILLION = 1_000_000
const RUNS = 5
const SYMBOLS = Array.from({ length: 10 }, (_, index) => `S${index}-USDT`)

const folder = mkdtempSync(join(tmpdir(), 'depthline-bench-'))
try {
  const empty = await writeEvents(join(folder, 'empty.jsonl'), 0)
  const one = await writeEvents(join(folder, '1m.jsonl'), MILLION)
  const four = await writeEvents(join(folder, '4m.jsonl'), 4 * MILLION)
  const start = median(runs(() => replay(empty, MILLION).seconds))
  const whole = runs(() => replay(one, MILLION))
  const seconds = median(whole.map((run) => run.seconds))
  const everyTick = replay(one, 100)
  const method = `depthline replay over a file, median of ${RUNS} processes; their start, measured on an empty file, is taken off where it says so`
  report('replay', method, {
    events: MILLION,
    processStartSeconds: round(start),
    seconds: round(seconds),
    eventsPerSecond: Math.round(MILLION / seconds),
    eventsPerSecondWithoutStart: Math.round(MILLION / (seconds - start)),
    eventsPerSecondWithATickEvery100: Math.round(MILLION / (everyTick.seconds - start)),
    peakMb: {
      '1 M events': median(whole.map(({ peakMb }) => peakMb)),
      '4 M events, as many open': replay(four, MILLION).peakMb,
    },
  })
} finally {
  rmSync(folder, { recursive: true })
}

function runs<T>(measure: () => T): T[] {
  return Array.from({ length: RUNS }, measure)
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

async function writeEvents(file: string, count: number): Promise<string> {
  // Half of the events are closes once 10,000 orders of each symbol are open.
  const generator = new OrderGenerator({
    seed: 42,
    symbols: SYMBOLS,
    openOrders: 10_000,
    closeRatio: 0.45,
  })
  const out = createWriteStream(file)
  for (let written = 0; written < count; ) {
    const lines: string[] = []
    for (; lines.length < 10_000 && written < count; written++) {
      lines.push(new TextDecoder().decode(generator.next(1_700_000_000).value ?? undefined))
    }
    if (!out.write(`${lines.join('\n')}\n`))
      await new Promise<void>((go) => out.once('drain', () => go()))
  }
  out.end()
  await finished(out)
  return file
}

/** Replays in a process of its own, and has the time and the peak memory of all of it. */
function replay(file: string, eventsPerTick: number) {
  const started = performance.now()
  const cli = ['dist/cli.js', 'replay', '--events-per-tick', String(eventsPerTick), file]
  const time = ['-f', 'peak %M', process.execPath, ...cli]
  const { stderr } = spawnSync('/usr/bin/time', time, { stdio: ['ignore', 'ignore', 'pipe'] })
  const [, peak = ''] = /peak (\d+)/.exec(String(stderr)) ?? []
  return { seconds: (performance.now() - started) / 1000, peakMb: Math.round(Number(peak) / 1024) }
}
