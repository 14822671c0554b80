/** A topic full of broken records: all of them drain, none twice, and the ticks go on meanwhile. */
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers } from '../testing/cli.js'
import {
  type RunTopics,
  recordsBelow,
  runTopics,
  startRun,
  stopRun,
  ticksOf,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll } from '../testing/topics.js'

const PARTITIONS = 4
const BROKEN = 50_000

afterEach(killLeftovers)

describe('run with 50,000 broken records', () => {
  it('publishes each once, in the order of its partition, and goes on ticking', async () => {
    const topics = runTopics('flood')
    await sendBroken(topics)
    const job = await startRun(topics)
    await tickWithRecords(topics.output, BROKEN)
    const summary = await stopRun(job)

    const letters = await readAll(topics.deadLetters)
    expect(letters).toHaveLength(BROKEN)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const offsets = letters
        .filter(({ headers }) => headers.partition === String(partition))
        .map(({ headers }) => Number(headers.offset))
      expect(offsets).toEqual(offsets.map((_, index) => index))
    }
    const isUnchanged = ({ value, headers }: (typeof letters)[number]) =>
      String(value) === `${headers.partition}`
    expect(letters.every(isUnchanged)).toBe(true)

    expect(summary).toMatchObject({ records: BROKEN, rejected: BROKEN, openOrders: 0 })
    const ticks = await ticksOf(topics.output)
    expectRising(ticks.map(({ tick }) => tick))
    expect(ticks.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(BROKEN)
    for (const { value } of ticks) expect(value).toBe('[]')
  })

  it('stops within 3 seconds in the middle of them', async () => {
    const topics = runTopics('flood-stop')
    await sendBroken(topics)
    const job = await startRun(topics)
    await lettersCame(topics)
    const signalledMs = performance.now()
    const summary = await stopRun(job)

    expect(performance.now() - signalledMs).toBeLessThan(3_000)
    expect(summary.records).toBe(summary.rejected)
    // What a tick says is published; a restart goes on from there.
    const ticks = await ticksOf(topics.output)
    const published = Math.max(0, ...ticks.map(recordsBelow))
    expect((await readAll(topics.deadLetters)).length).toBeGreaterThanOrEqual(published)
  })
})

/** A number is valid JSON and no object; it says which partition it is from. */
async function sendBroken({ input }: RunTopics): Promise<void> {
  await makeTopic(input, { partitions: PARTITIONS })
  const messages = Array.from({ length: BROKEN }, (_, index) => {
    const partition = index % PARTITIONS
    return { value: String(partition), partition }
  })
  await produce(input, messages)
}

async function lettersCame({ deadLetters }: RunTopics): Promise<void> {
  while ((await readAll(deadLetters)).length === 0);
}

function expectRising(numbers: readonly number[]): void {
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
}
