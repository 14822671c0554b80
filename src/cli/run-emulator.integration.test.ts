/** The original emulator's events through the broker: `run` must say what `replay` says. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { runTopics, startRun, stopRun, tickWithRecords } from '../testing/run-job.js'
import { readAll } from '../testing/topics.js'

const FILE = fileURLToPath(new URL('../../../shared/data/emulator-orders.jsonl', import.meta.url))
const isMissing = !existsSync(FILE)
if (isMissing) console.warn(`skipped: the emulator's data is not there (${FILE})`)

afterEach(killLeftovers)

describe.skipIf(isMissing)('run on the original emulator’s events', () => {
  it.each([
    { name: 'keyed by order id', keys: [] },
    { name: 'without keys, spread over the partitions', keys: ['--no-key'] },
  ])('ends with the same message as replay when they are $name', async ({ keys }) => {
    const topics = runTopics('emulator')
    const job = await startRun(topics)
    await emulateFile(topics.input, keys)
    const input = await readAll(topics.input)
    expect(new Set(input.map(({ partition }) => partition)).size).toBe(4)

    const { value } = await tickWithRecords(topics.output, input.length)
    const summary = await stopRun(job)

    expect(value).toBe(await lastReplayedMessage())
    expect(summary).toMatchObject({ records: input.length, rejected: 0, openOrders: 4_174 })
    expect(bestLevels(value)).toEqual({ buy_1: '33990 × 120.05', sell_1: '34010 × 134.91' })
  })
})

async function emulateFile(topic: string, flags: readonly string[]): Promise<void> {
  const pace = ['--interval', '0', '--batch', '500']
  const { code } = await runCli(['emulate', '--topic', topic, '--file', FILE, ...pace, ...flags])
  expect(code).toBe(0)
}

async function lastReplayedMessage(): Promise<string> {
  const { stdout } = await runCli(['replay', FILE])
  return stdout.trimEnd().split('\n').at(-1)!
}

function bestLevels(message: string): Record<string, string> {
  const rows = JSON.parse(message) as { side: string; price: number; amount: number }[]
  const best = rows.filter(({ side }) => side.endsWith('_1'))
  return Object.fromEntries(best.map(({ side, price, amount }) => [side, `${price} × ${amount}`]))
}
