/** How fast one thread reads and applies events, and that closed orders take no memory. */
import { execFileSync } from 'node:child_process'
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
  const one = await writeEvents(join(folder, '1m.jsonl'), MILLION)
  const four = await writeEvents(join(folder, '4m.jsonl'), 4 * MILLION)
  const runs = Array.from({ length: RUNS }, () => replay(one, MILLION))
  const everyTick = replay(one, 100)
  const long = replay(four, 4 * MILLION)
  report('replay', `median of ${RUNS} runs of depthline replay over a file, in a process each`, {
    events: MILLION,
    eventsPerSecond: Math.round(MILLION / median(runs.map(({ seconds }) => seconds))),
    eventsPerSecondWithProcessStart: Math.round(MILLION / median(runs.map((run) => run.wall))),
    eventsPerSecondWithATickEvery100: Math.round(MILLION / everyTick.seconds),
    peakMb: {
      '1 M events': median(runs.map(({ peakMb }) => peakMb)),
      '4 M events, as many open': long.peakMb,
    },
  })
} finally {
  rmSync(folder, { recursive: true })
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
    for (; lines.length < 10_000; written++) {
      lines.push(new TextDecoder().decode(generator.next(1_700_000_000).value ?? undefined))
    }
    if (!out.write(`${lines.join('\n')}\n`))
      await new Promise<void>((go) => out.once('drain', () => go()))
  }
  out.end()
  await finished(out)
  return file
}

/** Replays in a process of its own, which reports how long it took without its start. */
function replay(file: string, eventsPerTick: number) {
  const started = performance.now()
  const script = new URL('replay-process.ts', import.meta.url).pathname
  const arguments_ = ['--import', 'tsx', script, file, String(eventsPerTick)]
  const output = execFileSync(process.execPath, arguments_, { encoding: 'utf8' })
  const { seconds, peakMb } = JSON.parse(output) as { seconds: number; peakMb: number }
  return { seconds, peakMb, wall: (performance.now() - started) / 1000 }
}
